import { RandomNumbers } from '../../base/index.ts';
import type { CemModel, PreparedDictionary } from '../../model/index.ts';
import type { EncodedChunk, SymbolBatch } from '../../model/symbols/index.ts';
import { createCompressor } from '../../zpkg/index.ts';
import type { TextPlace } from '../variants/corpus-passages.ts';
import { drawVariants } from '../variants/draw-variants.ts';
import { type CompressedText, type EncodeFrames, encodeHere, encodeTexts } from './batch-encoding.ts';
import { BatchOrder } from './batch-order.ts';
import { type HardNegativeOptions, hardNegatives } from './hard-negatives.ts';
import { type NegativeMemoryOptions, rememberedItems } from './negative-memory.ts';
import type { TrainingBatch } from './training-batch.ts';

/** Compressed texts. */
interface PackedTexts {
  /** The frame that a text lies in. */
  frame(index: number): Promise<Uint8Array>;
  /** Which frame that is, and where in it; absent: each text is all of a frame of its own. */
  placeOf?(index: number): TextPlace;
}

/** Texts compressed with a dictionary and at a level other than the run's own, or together with their neighbours. */
interface TextsVariant extends PackedTexts {
  readonly dictionary: Uint8Array;
  /** How often a text is read from here; the run's own frames have 1. */
  readonly weight: number;
}

/** Training texts of one kind: compressed frames and the teacher's vectors for them. */
export interface TrainingTexts extends PackedTexts {
  readonly count: number;
  /** [count] compressed bytes: what an item roughly costs. */
  readonly sizes: ArrayLike<number>;
  /** [count] of the items with an equal share, an epoch takes that share, 0 to 1; absent: all. */
  readonly shares?: ArrayLike<number> | undefined;
  /** The same texts, packed otherwise; absent: none. */
  readonly variants?: readonly TextsVariant[];
  /** What a frame was made of: for models with the input `text`, which only experiments have. */
  text(index: number): string;
  /** [count, dimension] the teacher's vectors. */
  readonly targets: Float32Array;
}

/** Frames of some thousand short texts. */
const FIRST_BYTES = 1 << 18;

/** Short texts, each compressed by itself with a dictionary and kept in memory as one run of bytes. */
export function compressInMemory(
  texts: readonly string[],
  dictionary: Uint8Array,
  level: number,
  onProgress: (done: number, total: number) => void,
): Omit<TrainingTexts, 'count' | 'targets'> {
  const compressor = createCompressor({ level, dictionary });
  const ends = new Float64Array(texts.length);
  let bytes = new Uint8Array(FIRST_BYTES);
  let size = 0;
  for (const [index, text] of texts.entries()) {
    if (index % 1000 === 0) onProgress(index, texts.length);
    const frame = compressor.compress(Buffer.from(text, 'utf8'));
    if (size + frame.length > bytes.length) {
      const larger = new Uint8Array(Math.max(2 * bytes.length, size + frame.length));
      larger.set(bytes);
      bytes = larger;
    }
    bytes.set(frame, size);
    size += frame.length;
    ends[index] = size;
  }
  const frames = bytes.slice(0, size);
  const startOf = (index: number) => ends[index - 1] ?? 0;
  return {
    sizes: Uint32Array.from(ends, (end, index) => end - startOf(index)),
    frame: async (index) => frames.subarray(startOf(index), ends[index]!),
    text: (index) => texts[index]!,
  };
}

/**
 * Leaves out the texts that the teacher has no vector for (LSA gives zeros for a text without a known word): there is nothing to learn from them.
 */
export function withTargets(texts: Omit<TrainingTexts, 'count'>, dimension: number): TrainingTexts {
  const kept: number[] = [];
  for (let index = 0; index < texts.sizes.length; index++) {
    const target = texts.targets.subarray(index * dimension, (index + 1) * dimension);
    if (target.some((value) => value !== 0)) kept.push(index);
  }
  const { shares } = texts;
  const keptOf = ({ frame, placeOf }: PackedTexts): PackedTexts => ({
    frame: (place) => frame(kept[place]!),
    ...(placeOf && { placeOf: (place) => placeOf(kept[place]!) }),
  });
  const targets = new Float32Array(kept.length * dimension);
  kept.forEach((index, place) => {
    targets.set(texts.targets.subarray(index * dimension, (index + 1) * dimension), place * dimension);
  });
  return {
    count: kept.length,
    sizes: Uint32Array.from(kept, (index) => texts.sizes[index]!),
    ...(shares && { shares: Float64Array.from(kept, (index) => shares[index]!) }),
    ...keptOf(texts),
    ...(texts.variants && {
      variants: texts.variants.map((variant) => ({
        dictionary: variant.dictionary,
        weight: variant.weight,
        ...keptOf(variant),
      })),
    }),
    text: (place) => texts.text(kept[place]!),
    targets,
  };
}

export interface GranularityOptions {
  readonly batchSize: number;
  readonly weight: number;
  readonly windowBatches: number;
  readonly seed: number;
  /** `pool`: how many texts are drawn anew for each batch to choose its hard negatives from. Absent: none. */
  readonly hardNegatives?: HardNegativeOptions & { readonly pool: number };
  /** Texts of earlier batches are negatives, too. Absent: none. */
  readonly memory?: NegativeMemoryOptions;
}

/** One granularity's batches in their order. */
export class Granularity {
  readonly name: string;
  readonly #options: GranularityOptions;
  readonly #texts: TrainingTexts;
  readonly #order: BatchOrder;

  constructor(name: string, texts: TrainingTexts, options: GranularityOptions) {
    this.name = name;
    this.#options = options;
    this.#texts = texts;
    this.#order = new BatchOrder(texts.sizes, { ...options, name, shares: texts.shares });
  }

  /** How many texts there are. */
  get count(): number {
    return this.#texts.count;
  }

  /** Passes over the texts that this many batches make. */
  epochs(batches: number): number {
    return batches / this.#order.batchesPerEpoch;
  }

  /**
   * A batch by its number, counted from 0 through all epochs.
   *
   * @param dictionary of the run's own frames; those of variants bring theirs
   * @param encodeFrames where the frames are encoded; on this thread by default
   */
  async batch(
    number: number,
    model: CemModel,
    dictionary: PreparedDictionary,
    encodeFrames: EncodeFrames = encodeHere(model),
  ): Promise<TrainingBatch> {
    const items = this.#order.batch(number);
    const targets = this.#targetsOf(items, model.dimension);
    const symbols = await this.#encode(number, items, model, dictionary, encodeFrames);
    const negatives = await this.#negatives(number, items, targets, model.dimension);
    return {
      name: this.name,
      weight: this.#options.weight,
      symbols,
      targets,
      ...(negatives && { negatives }),
    };
  }

  /**
   * Texts one by one, as a batch would hold them, with the teacher's vectors for them: what a warm start is computed from.
   *
   * @returns targets [items, dimension]
   */
  async encodedTexts(
    items: Int32Array,
    model: CemModel,
    dictionary: PreparedDictionary,
  ): Promise<{ chunks: readonly EncodedChunk[]; targets: Float32Array }> {
    const targets = this.#targetsOf(items, model.dimension);
    if (model.config.input === 'text') {
      const texts = Array.from(items, (item) => Buffer.from(this.#texts.text(item), 'utf8'));
      await model.prepareTexts(texts);
      return { chunks: texts.map((text) => model.encodeText(text)), targets };
    }
    return { chunks: encodeTexts(model, await this.#compressed(items, dictionary)), targets };
  }

  /** The texts of a batch, for looking at. */
  texts(number: number): string[] {
    return Array.from(this.#order.batch(number), (item) => this.#texts.text(item));
  }

  async #encode(
    number: number,
    items: Int32Array,
    model: CemModel,
    dictionary: PreparedDictionary,
    encodeFrames: EncodeFrames,
  ): Promise<SymbolBatch> {
    if (model.config.input === 'text') {
      const texts = Array.from(items, (item) => Buffer.from(this.#texts.text(item), 'utf8'));
      await model.prepareTexts(texts);
      return model.batch(texts.map((text) => model.encodeText(text)));
    }
    const { variants = [] } = this.#texts;
    const weights = variants.map(({ weight }) => weight);
    const drawn = drawVariants(weights, items.length, { granularity: this.name, number, seed: this.#options.seed });
    const dictionaries = variants.map((variant) => model.prepareDictionary(variant.dictionary));
    return encodeFrames(
      await this.#compressed(items, dictionary, (row) => {
        const number = drawn[row]! - 1;
        const variant = variants[number];
        return variant && { packed: variant, dictionary: dictionaries[number]! };
      }),
    );
  }

  /**
   * Texts with their frames; a frame that several of them lie in is read once.
   *
   * @param otherwise the packing that an item is read from, by its place; undefined: the run's own
   */
  async #compressed(
    items: Int32Array,
    dictionary: PreparedDictionary,
    otherwise: (row: number) => { packed: PackedTexts; dictionary: PreparedDictionary } | undefined = () => undefined,
  ): Promise<CompressedText[]> {
    const read = new Map<PackedTexts, Map<number, Promise<Uint8Array>>>();
    const frameOf = (packed: PackedTexts, item: number, place: TextPlace | undefined): Promise<Uint8Array> => {
      if (place === undefined) return packed.frame(item);
      const frames = read.get(packed) ?? new Map<number, Promise<Uint8Array>>();
      read.set(packed, frames);
      const frame = frames.get(place.frame) ?? packed.frame(item);
      frames.set(place.frame, frame);
      return frame;
    };
    const own = { packed: this.#texts, dictionary };
    return Promise.all(
      Array.from(items, async (item, row) => {
        const { packed, dictionary: used } = otherwise(row) ?? own;
        const place = packed.placeOf?.(item);
        return { frame: await frameOf(packed, item, place), dictionary: used, ...(place?.span && { span: place.span }) };
      }),
    );
  }

  /** [items, dimension] */
  #targetsOf(items: Int32Array, dimension: number): Float32Array {
    const targets = new Float32Array(items.length * dimension);
    items.forEach((item, row) => {
      targets.set(this.#texts.targets.subarray(item * dimension, (item + 1) * dimension), row * dimension);
    });
    return targets;
  }

  /** [negatives, dimension] of texts that are not in the batch, each once: hard ones, and those that are remembered. */
  async #negatives(
    number: number,
    items: Int32Array,
    targets: Float32Array,
    dimension: number,
  ): Promise<Float32Array | undefined> {
    const { memory } = this.#options;
    const hard = await this.#hardNegatives(number, items, targets, dimension);
    const remembered = memory === undefined ? [] : rememberedItems(this.#order, number, memory);
    const negatives = Int32Array.from(new Set([...hard, ...remembered]));
    return negatives.length === 0 ? undefined : this.#targetsOf(negatives, dimension);
  }

  /** The hard ones among texts that are drawn for this batch and are not in it. */
  async #hardNegatives(number: number, items: Int32Array, targets: Float32Array, dimension: number): Promise<readonly number[]> {
    const { hardNegatives: wanted, seed } = this.#options;
    if (!wanted) return [];
    const random = new RandomNumbers(seed, `negatives/${this.name}/${number}`);
    const taken = new Set(items);
    const pool = new Set<number>();
    for (let draw = 0; draw < wanted.pool; draw++) {
      const item = random.integer(this.#texts.count);
      if (!taken.has(item)) pool.add(item);
    }
    const candidates = Int32Array.from(pool);
    if (candidates.length === 0) return [];
    const places = await hardNegatives(targets, this.#targetsOf(candidates, dimension), dimension, wanted);
    return places.map((place) => candidates[place]!);
  }
}
