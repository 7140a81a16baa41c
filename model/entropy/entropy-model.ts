import type { OnProgress } from '../../base/index.ts';
import { initializeWeights } from '../graph.ts';
import { tf } from '../tf.ts';
import { BEGIN_ID, BYTE_OFFSET } from './byte-ids.ts';
import type { EntropyModelConfig } from './config.ts';
import { buildEntropyGraph } from './entropy-graph.ts';
import { entropyOfLogits, nextByteLoss, surprisalOfTargets } from './next-byte-loss.ts';

/** A batch of pieces holds at most this many padded positions (or one piece), so that memory does not grow with the number of texts. */
const POSITIONS_PER_BATCH = 8192;

/** Consecutive bytes of a text that are read together. */
interface Piece {
  readonly text: number;
  /** The byte that is predicted first. */
  readonly start: number;
  readonly length: number;
  /** Predictions that an earlier piece gave already, with more bytes before them. */
  readonly overlap: number;
}

/**
 * The byte language model of entropy patching: how hard each byte of a text is to guess from the bytes before it.
 *
 * Texts longer than `context` are read in pieces that overlap by one window, so that every byte is predicted from at least the `window` bytes before it (from all of
 * them near the text's start). What is predicted depends on earlier bytes only: the entropies of a text's beginning are the beginning of its entropies, but for rounding.
 */
export class EntropyModel {
  readonly config: EntropyModelConfig;
  readonly graph: tf.LayersModel;

  constructor(config: EntropyModelConfig, graph: tf.LayersModel) {
    this.config = config;
    this.graph = graph;
  }

  /** A new model whose weights depend on the seed alone. */
  static create(config: EntropyModelConfig, seed: number): EntropyModel {
    const graph = buildEntropyGraph(config);
    initializeWeights(graph, seed);
    return new EntropyModel(config, graph);
  }

  /**
   * Entropies of texts, each [bytes] in nats: element i is the entropy of the distribution of byte i, given the bytes before it and that the text begins there.
   *
   * @param texts bytes, UTF-8 or any other
   */
  entropies(texts: readonly Uint8Array[], onProgress?: OnProgress): Promise<Float32Array[]> {
    return this.#eachByte(texts, (logits) => entropyOfLogits(logits), onProgress);
  }

  /** How much of a surprise each byte of texts was, each [bytes] in nats: minus the logarithm of its probability. Their mean is the model's cross-entropy. */
  surprisals(texts: readonly Uint8Array[], onProgress?: OnProgress): Promise<Float32Array[]> {
    return this.#eachByte(texts, surprisalOfTargets, onProgress);
  }

  /**
   * Mean cross-entropy in nats of each id of a batch given the ids before it.
   *
   * @param ids [rows, positions + 1]; the first id of a row is not predicted; `positions` is what the graph takes
   */
  loss(ids: Int32Array, rows: number, positions: number): tf.Scalar {
    return tf.tidy(() => {
      const all = tf.tensor2d(ids, [rows, positions + 1], 'int32');
      const inputs = tf.slice2d(all, [0, 0], [rows, positions]);
      const targets = tf.slice2d(all, [0, 1], [rows, positions]);
      const logits = this.graph.apply([inputs, tf.ones([rows, positions])]) as tf.Tensor; // [rows, positions, ids]
      return nextByteLoss(logits, targets);
    });
  }

  /** @param measure [pieces, positions, 260] logits and the [pieces, positions] ids that came to [pieces, positions] */
  async #eachByte(
    texts: readonly Uint8Array[],
    measure: (logits: tf.Tensor, targets: tf.Tensor) => tf.Tensor,
    onProgress: OnProgress | undefined,
  ): Promise<Float32Array[]> {
    const results = texts.map((text) => new Float32Array(text.length));
    const pieces = texts.flatMap((text, number) => [...this.#pieces(number, text.length)]);
    // Like lengths together: little is padded then.
    pieces.sort((a, b) => a.length - b.length || a.text - b.text || a.start - b.start);
    for (let next = 0; next < pieces.length; ) {
      const members: Piece[] = [];
      while (next < pieces.length) {
        const padded = this.#padded(pieces[next]!.length);
        if (members.length > 0 && (members.length + 1) * padded > POSITIONS_PER_BATCH) break;
        members.push(pieces[next++]!);
      }
      const positions = this.#padded(members.at(-1)!.length);
      const values = await this.#measureBatch(members, texts, positions, measure);
      members.forEach(({ text, start, length, overlap }, row) => {
        results[text]!.set(values.subarray(row * positions + overlap, row * positions + length), start + overlap);
      });
      onProgress?.(next, pieces.length);
    }
    return results;
  }

  *#pieces(text: number, length: number): Generator<Piece> {
    const { context, window } = this.config;
    for (let start = 0; start < length; start += context - window) {
      const overlap = start === 0 ? 0 : window;
      if (start + overlap >= length) return;
      yield { text, start, length: Math.min(context, length - start), overlap };
    }
  }

  async #measureBatch(
    pieces: readonly Piece[],
    texts: readonly Uint8Array[],
    positions: number,
    measure: (logits: tf.Tensor, targets: tf.Tensor) => tf.Tensor,
  ): Promise<Float32Array> {
    const ids = new Int32Array(pieces.length * positions);
    const targets = new Int32Array(pieces.length * positions);
    const mask = new Float32Array(pieces.length * positions);
    pieces.forEach(({ text, start, length }, row) => {
      const bytes = texts[text]!;
      const at = row * positions;
      // Byte i is predicted at the position of byte i - 1, the first one at that of the begin id.
      for (let i = 0; i < length; i++) {
        ids[at + i] = start + i === 0 ? BEGIN_ID : bytes[start + i - 1]! + BYTE_OFFSET;
        targets[at + i] = bytes[start + i]! + BYTE_OFFSET;
      }
      mask.fill(1, at, at + length);
    });
    const measured = tf.tidy(() => {
      const shape: [number, number] = [pieces.length, positions];
      const logits = this.graph.apply([tf.tensor2d(ids, shape, 'int32'), tf.tensor2d(mask, shape)]) as tf.Tensor;
      return measure(logits, tf.tensor2d(targets, shape, 'int32'));
    });
    try {
      return (await measured.data()) as Float32Array;
    } finally {
      measured.dispose();
    }
  }

  /** Windows divide more than two of them. */
  #padded(length: number): number {
    const { window } = this.config;
    return length <= 2 * window ? length : Math.ceil(length / window) * window;
  }

  dispose(): void {
    this.graph.dispose();
  }
}
