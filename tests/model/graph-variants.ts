import type { ModelConfig } from '../../model/config.ts';
import type { CemModel } from '../../model/embedder.ts';
import type { PatchableChunk, Patcher } from '../../model/patching/patcher.ts';
import type { EncodedChunk } from '../../model/symbols/symbol-batch.ts';
import { createCompressor } from '../../zpkg/index.ts';

/** Patches of 1 to 7 symbols by a rule of its own, in the place of a language model's. */
export const uneven: Patcher = {
  boundaries: ({ count }: PatchableChunk) => {
    const starts: number[] = [];
    for (let start = 0; start < count; start += 1 + ((start * 5 + 3) % 7)) starts.push(start);
    return Uint32Array.from(starts);
  },
};

/** One of each patching, each with the input that it is for. */
export const patchings: Record<string, Partial<ModelConfig>> = {
  static: {},
  frame: { patching: { kind: 'frame', maximumLength: 5 } },
  space: { input: 'text', patching: { kind: 'space' } },
  entropy: { input: 'text', patching: { kind: 'entropy', model: 'none', threshold: 1, monotonic: false, maximumLength: 7 } },
};

/** What the model reads of texts: frames, or with the input `text` themselves. */
export function encodeAll(model: CemModel, texts: readonly Uint8Array[]): EncodedChunk[] {
  model.useEntropyPatcher(uneven);
  if (model.config.input === 'text') return texts.map((text) => model.encodeText(text));
  const compressor = createCompressor({ level: 3 });
  const prepared = model.prepareDictionary(new Uint8Array(0));
  return texts.map((text) => model.encode(compressor.compress(text), prepared));
}
