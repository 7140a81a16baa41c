import { createHash } from 'node:crypto';
import { CemError } from '../../base/index.ts';
import { textOf } from './chunk-text.ts';
import { type EntropyRule, entropyBoundaries } from './entropy-boundaries.ts';
import type { PatchableChunk, Patcher } from './patcher.ts';

/** What entropies come from: a byte language model. */
export interface EntropySource {
  /** Changes whenever the entropies could: the hash of the model's weights. */
  readonly identity: string;
  /** Each [bytes] in nats, as `entropyBoundaries` takes them. */
  entropies(texts: readonly Uint8Array[]): Promise<readonly Float32Array[]>;
}

/**
 * Patches where a byte language model is surprised. The model runs ahead of time, in batches (`prepare`), because a backend answers later and a patcher at once; after that each
 * text is looked up by its content.
 */
export class EntropyPatcher implements Patcher {
  /** SHA-256 of all that decides boundaries: the model, the rule, the longest text. Boundaries that are kept belong to it. */
  readonly key: string;
  /** Bytes after which texts are cut. */
  readonly longest: number;
  readonly #source: EntropySource;
  readonly #rule: EntropyRule;
  readonly #known = new Map<string, Uint32Array>();

  /** @param longest bytes after which texts are cut (the encoder's `maximumSymbols`): a text and its cut form are the same here */
  constructor(source: EntropySource, rule: EntropyRule, longest: number) {
    const { threshold, monotonic, maximumLength = null } = rule;
    const settings = JSON.stringify([source.identity, threshold, monotonic, maximumLength, longest]);
    this.key = createHash('sha256').update(settings).digest('hex');
    this.#source = source;
    this.#rule = rule;
    this.longest = longest;
  }

  /** Computes the boundaries of the texts that are not known yet, and gives those of all, in their order. */
  async prepare(texts: readonly Uint8Array[]): Promise<Uint32Array[]> {
    const cut = texts.map((text) => text.subarray(0, this.longest));
    const keys = cut.map(keyOf);
    const missing = new Map<string, Uint8Array>();
    keys.forEach((key, index) => {
      if (!this.#known.has(key)) missing.set(key, cut[index]!);
    });
    const entropies = await this.#source.entropies([...missing.values()]);
    [...missing.keys()].forEach((key, index) => {
      this.#known.set(key, entropyBoundaries(entropies[index]!, this.#rule));
    });
    return keys.map((key) => this.#known.get(key)!);
  }

  /** Takes over boundaries that were computed before, such as those of a file of patches. */
  remember(text: Uint8Array, boundaries: Uint32Array): void {
    this.#known.set(keyOf(text.subarray(0, this.longest)), boundaries);
  }

  /** @throws CemError `PATCHING_WITHOUT_TEXT`, `PATCHING_UNPREPARED` */
  boundaries(chunk: PatchableChunk): Uint32Array {
    const text = textOf(chunk, 'entropy');
    const known = this.#known.get(keyOf(text));
    if (known) return known;
    throw new CemError(
      'PATCHING_UNPREPARED',
      `the entropies of a text of ${text.length} bytes are not known: call prepare (or remember) with it before it is encoded`,
      { details: { bytes: text.length } },
    );
  }
}

function keyOf(text: Uint8Array): string {
  return createHash('sha256').update(text).digest('base64');
}
