import { type ByteSpan, UsageError } from '../../base/index.ts';
import { type Dictionary, type FrameSymbols, parseFrame, readDictionary } from '../../zpkg/index.ts';
import { type ModelConfig, patchingOf } from '../config.ts';
import { createPatcher } from '../patching/create-patcher.ts';
import { frameBorders } from '../patching/frame-borders.ts';
import type { Patcher } from '../patching/patcher.ts';
import { cutSymbols } from './cut-symbols.ts';
import { NgramHash } from './ngram-hash.ts';
import { resolveRope } from './rope.ts';
import { batchChunks, type EncodedChunk, encodeSymbols, type SymbolBatch } from './symbol-batch.ts';
import { DictionaryRows, passageRows } from './text-rope.ts';

/**
 * Largest decompressed size of a chunk that is encoded, in bytes. Containers allow more, but encoding takes time and memory for every byte that a chunk stands for: a small hostile
 * frame must not take seconds and gigabytes. Chunks of the default size hold at most 256 KiB.
 */
const LARGEST_ENCODED_CONTENT = 4 * 1024 * 1024;

const NO_BYTES = new Uint8Array(0);
/** The first symbol begins a block, no other does. */
const NO_BORDERS = new Uint32Array(1);

/** A container's dictionary as the encoder uses it: parsed for the frames, hashed for the rope. */
export interface PreparedDictionary {
  /** What it was prepared from. */
  readonly bytes: Uint8Array;
  readonly dictionary: Dictionary | undefined;
  /** One for each hash function. */
  readonly rows: readonly DictionaryRows[];
}

/**
 * The part of CEM that needs no weights: frame -> LZ symbols -> rope -> table rows and patch borders, and batches of them. Plain JavaScript without tfjs, so that a thread that
 * prepares batches is small and starts quickly.
 */
export class SymbolReader {
  readonly config: ModelConfig;
  /** At least one. */
  readonly #hashes: readonly NgramHash[];
  #entropyPatcher: Patcher | undefined;
  readonly #dictionaries = new WeakMap<Uint8Array, PreparedDictionary>();

  constructor(config: ModelConfig) {
    this.config = config;
    const { sizes, rows, hashFunction, hashFunctions = 1 } = config.tables;
    this.#hashes = Array.from({ length: hashFunctions }, (_, index) => new NgramHash(sizes, rows, hashFunction + index));
  }

  /** Entropy patching asks a language model, which is not part of this one: it must be given before the first text is encoded. */
  useEntropyPatcher(patcher: Patcher): void {
    this.#entropyPatcher = patcher;
  }

  /** Any container's dictionary will do: it belongs to the container, not to the model. Prepared once for each array. */
  prepareDictionary(bytes: Uint8Array): PreparedDictionary {
    const known = this.#dictionaries.get(bytes);
    if (known) return known;
    const usesDictionary = this.config.input === 'symbols' && bytes.length > 0;
    const dictionary = usesDictionary ? readDictionary(bytes) : undefined;
    const content = dictionary?.content ?? NO_BYTES;
    const prepared = { bytes, dictionary, rows: this.#hashes.map((hash) => new DictionaryRows(content, hash)) };
    this.#dictionaries.set(bytes, prepared);
    return prepared;
  }

  /**
   * Table rows and patches of one compressed chunk; nothing is decompressed.
   *
   * @throws FormatError on a malformed frame, `FRAME_TOO_LARGE` above 4 MiB of content; UsageError `TEXT_MODEL_READS_NO_FRAMES`
   */
  encode(frame: Uint8Array, dictionary: PreparedDictionary): EncodedChunk {
    this.#refuseText();
    if (this.config.input === 'bytes') {
      const blockStarts = patchingOf(this.config).kind === 'frame' ? frameBorders(frame) : NO_BORDERS;
      return this.#encodeWhole(bytesAsSymbols(frame, blockStarts), dictionary.rows);
    }
    return this.#encodeWhole(this.#parse(frame, dictionary), dictionary.rows);
  }

  /**
   * The same of passages of one compressed chunk, each as if it stood alone: symbols end at its borders, and n-grams see nothing before it. The frame is parsed once.
   *
   * @param spans bytes of the chunk's content, in the order of their first bytes; they may overlap
   * @throws what `encode` throws; CemError `PASSAGE_SPAN`, `PASSAGES_TOO_LARGE`; UsageError `PASSAGES_OF_BYTES`
   */
  encodePassages(frame: Uint8Array, dictionary: PreparedDictionary, spans: readonly ByteSpan[]): EncodedChunk[] {
    this.#refuseText();
    if (this.config.input === 'bytes') {
      throw new UsageError(
        'PASSAGES_OF_BYTES',
        'this model reads the bytes of whole compressed chunks (model.input: bytes), in which a passage has no bytes of its own: pack without passages (cem pack --passage-size 0, no pack.passageSize), or use a model whose input is symbols',
      );
    }
    return this.#encodeSpans(this.#parse(frame, dictionary), spans, dictionary.rows);
  }

  #parse(frame: Uint8Array, { dictionary }: PreparedDictionary): FrameSymbols {
    return parseFrame(frame, dictionary, { maximumSize: LARGEST_ENCODED_CONTENT });
  }

  #refuseText(): void {
    if (this.config.input !== 'text') return;
    throw new UsageError(
      'TEXT_MODEL_READS_NO_FRAMES',
      'this model was trained on text (model.input: text, for experiments only) and reads no compressed chunks; index and search with a model whose input is symbols or bytes',
    );
  }

  /** To be awaited before `encodeText` of these texts: entropy patching asks its language model about them; otherwise it does nothing. */
  async prepareTexts(texts: readonly Uint8Array[]): Promise<void> {
    await this.#entropyPatcher?.prepare?.(texts);
  }

  /**
   * Table rows and patches of a text, for models with the input `text`: every byte is a literal.
   *
   * @param text UTF-8
   * @throws UsageError `MODEL_READS_FRAMES` on any other model; CemError `PATCHING_NO_ENTROPY_MODEL` with entropy patching before `useEntropyPatcher`, `PATCHING_UNPREPARED`
   * before `prepareTexts`
   */
  encodeText(text: Uint8Array): EncodedChunk {
    if (this.config.input !== 'text') {
      throw new UsageError(
        'MODEL_READS_FRAMES',
        `this model reads compressed chunks (model.input: ${this.config.input}), never their text; give it frames`,
      );
    }
    return this.#encodeWhole(bytesAsSymbols(text, NO_BORDERS), this.prepareDictionary(NO_BYTES).rows, text);
  }

  #encodeWhole(symbols: FrameSymbols, dictionaries: readonly DictionaryRows[], text?: Uint8Array): EncodedChunk {
    return this.#encodeSpans(symbols, [{ start: 0, end: symbols.size }], dictionaries, text)[0]!;
  }

  /** @param text where there is one span, which is all of it */
  #encodeSpans(
    symbols: FrameSymbols,
    spans: readonly ByteSpan[],
    dictionaries: readonly DictionaryRows[],
    text?: Uint8Array,
  ): EncodedChunk[] {
    const { maximumSymbols, tables } = this.config;
    const passages = cutSymbols(symbols, spans, maximumSymbols);
    const rope = resolveRope(symbols, dictionaries[0]!.ids.length);
    const byHash = this.#hashes.map((hash, index) => passageRows(rope, symbols.literals, passages, dictionaries[index]!, hash));
    const patching = patchingOf(this.config);
    // The graph counts static patches itself.
    const patcher = patching.kind === 'static' ? undefined : createPatcher(patching, this.config.patchSize, this.#entropyPatcher);
    return passages.map((passage, index) => {
      const chunk = encodeSymbols(
        passage,
        byHash.map((rows) => rows[index]!),
        tables.sizes.length,
      );
      if (!patcher) return chunk;
      const { count, lengths, blockStarts } = passage;
      const own = text && { text: text.subarray(0, count) };
      return { ...chunk, patchStarts: patcher.boundaries({ count, lengths, blockStarts, ...own }) };
    });
  }

  /** Chunks side by side, padded to what patches and attention windows divide. */
  batch(chunks: readonly EncodedChunk[]): SymbolBatch {
    return batchChunks(chunks, (longest) => this.paddedSymbols(longest));
  }

  /** Symbols a chunk of a batch whose longest chunk has this many. */
  paddedSymbols(longest: number): number {
    const { local } = this.config;
    const patchSize = patchingOf(this.config).kind === 'static' ? this.config.patchSize : 1;
    const patched = Math.max(1, Math.ceil(longest / patchSize)) * patchSize;
    if (patched <= 2 * local.window) return patched;
    const multiple = leastCommonMultiple(patchSize, local.window);
    return Math.ceil(longest / multiple) * multiple;
  }
}

/** The inputs `bytes` and `text`: every byte is a literal, whatever it encodes. */
function bytesAsSymbols(bytes: Uint8Array, blockStarts: Uint32Array): FrameSymbols {
  return {
    count: bytes.length,
    lengths: new Uint32Array(bytes.length).fill(1),
    offsets: new Uint32Array(bytes.length),
    literals: bytes,
    size: bytes.length,
    blockStarts,
  };
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
