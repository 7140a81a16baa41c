import type { PatchVectors } from '../encoders/index.ts';
import { type ModelConfig, patchingOf } from './config.ts';
import { GLOBAL_NORM_LAYER, graphInputs, PROJECTION_LAYER, SKIP_BAG_LAYER, SKIP_PROJECTION_LAYER } from './graph.ts';
import type { EncodedChunk, SymbolBatch } from './symbols/symbol-batch.ts';
import { tf } from './tf.ts';

/**
 * The vectors of patches, by the weights of the encoder's own graph: a patch's state after the global transformer goes through the projection that the pooled one goes through, and beside it the
 * bag of its symbols through that of the skip path. So a patch's vector is what the passage's would be if it were all of it, in the same space.
 * Its layers are the encoder's, and go with it.
 */
export class PatchGraph {
  readonly #graph: tf.LayersModel;
  readonly #config: ModelConfig;
  readonly #states: tf.LayersModel;

  constructor(graph: tf.LayersModel, config: ModelConfig) {
    this.#graph = graph;
    this.#config = config;
    const states = graph.getLayer(GLOBAL_NORM_LAYER).output as tf.SymbolicTensor;
    this.#states = tf.model({ name: 'cem-patches', inputs: graph.inputs, outputs: [states, graph.outputs[0]!] });
  }

  /**
   * @param embeddings [batch, symbols, local dimension] sums of table rows
   * @returns [chunks]
   */
  async apply(embeddings: Float32Array, batch: SymbolBatch, chunks: readonly EncodedChunk[]): Promise<PatchVectors[]> {
    const starts = chunks.map((chunk) => this.#starts(chunk));
    const layer = (name: string) => this.#graph.getLayer(name);
    const { output, vectors } = tf.tidy(() => {
      const symbols = tf.tensor3d(embeddings, [batch.size, batch.symbols, this.#config.local.dimension]);
      const [states, passages] = this.#states.apply(graphInputs(symbols, batch)) as [tf.Tensor3D, tf.Tensor2D];
      let shares = layer(PROJECTION_LAYER).apply(states) as tf.Tensor3D; // [batch, patches, dimension]
      if (this.#config.skipPath) {
        const [size, patches] = shares.shape;
        const { places, lengths, width } = membersOf(starts, chunks, batch.symbols, patches);
        const own = tf.gather(symbols.reshape([size * batch.symbols, -1]), tf.tensor1d(places, 'int32'));
        const bags = layer(SKIP_BAG_LAYER).apply([
          own.reshape([size * patches, width, -1]),
          tf.tensor2d(lengths, [size * patches, width]),
        ]) as tf.Tensor2D; // [batch * patches, local dimension]
        shares = tf.add(shares, (layer(SKIP_PROJECTION_LAYER).apply(bags) as tf.Tensor2D).reshape(shares.shape));
      }
      return { output: shares, vectors: passages };
    });
    try {
      const [values, whole] = [(await output.data()) as Float32Array, (await vectors.data()) as Float32Array];
      const [, patches, dimension] = output.shape;
      return chunks.map((chunk, row) => {
        const count = Math.max(1, starts[row]!.length);
        const first = row * patches * dimension;
        return {
          patches: count,
          dimension,
          vectors: chunk.count === 0 ? new Float32Array(dimension) : values.slice(first, first + count * dimension),
          spans: spansOf(chunk, starts[row]!),
          passage: whole.slice(row * dimension, (row + 1) * dimension),
        };
      });
    } finally {
      tf.dispose([output, vectors]);
    }
  }

  /** Number of the first symbol of each patch. */
  #starts({ count, patchStarts }: EncodedChunk): Uint32Array {
    if (patchingOf(this.#config).kind !== 'static') return patchStarts ?? new Uint32Array(0);
    const { patchSize } = this.#config;
    return Uint32Array.from({ length: Math.ceil(count / patchSize) }, (_, patch) => patch * patchSize);
  }
}

/** Which symbols each patch has, padded to the longest: places in [batch * symbols], and their lengths, 0 for padding. */
function membersOf(
  starts: readonly Uint32Array[],
  chunks: readonly EncodedChunk[],
  symbols: number,
  patches: number,
): { readonly places: Int32Array; readonly lengths: Float32Array; readonly width: number } {
  const endOf = (row: number, patch: number): number => starts[row]![patch + 1] ?? chunks[row]!.count;
  const width = Math.max(
    1,
    ...starts.map((own, row) => own.reduce((most, from, patch) => Math.max(most, endOf(row, patch) - from), 0)),
  );
  const places = new Int32Array(starts.length * patches * width);
  const lengths = new Float32Array(places.length);
  starts.forEach((own, row) => {
    own.forEach((from, patch) => {
      for (let symbol = from; symbol < endOf(row, patch); symbol++) {
        const to = (row * patches + patch) * width + symbol - from;
        places[to] = row * symbols + symbol;
        lengths[to] = chunks[row]!.lengths[symbol]!;
      }
    });
  });
  return { places, lengths, width };
}

function spansOf({ count, lengths }: EncodedChunk, starts: Uint32Array): PatchVectors['spans'] {
  if (starts.length === 0) return [{ start: 0, end: 0 }];
  let end = 0;
  return Array.from(starts, (from, patch) => {
    const start = end;
    for (let symbol = from; symbol < (starts[patch + 1] ?? count); symbol++) end += lengths[symbol]!;
    return { start, end };
  });
}
