import { FormatError } from '../../base/index.ts';
import { type ModelConfig, ngramTables } from '../config.ts';
import { buildGraph, GLOBAL_INPUT_LAYER, graphInputs, PATCH_POOLING_LAYER, SYMBOL_KIND_LAYER } from '../graph.ts';
import { namedWeights } from '../named-weights.ts';
import { BYTE_VOCABULARY, NgramHash } from '../symbols/ngram-hash.ts';
import { batchChunks, type SymbolBatch } from '../symbols/symbol-batch.ts';
import { symbolKind } from '../symbols/symbol-kinds.ts';
import { HashTables } from '../tables/hash-tables.ts';
import { tf } from '../tf.ts';
import { BLT_BYTE_TABLE, BLT_NGRAM_TABLES, bltWeights, transposed } from './blt-names.ts';
import { modelOfCase, type ParityCase } from './parity-case.ts';

/** Rows of BLT's own tables, for which the case has hash ids as well. */
const BLT_ROWS = 500_002;
/** The tables' kernels want rows of a multiple of so many numbers; narrower ones are filled up with zeros here. */
const ROW_MULTIPLE = 8;

/** The reference's weights by transformers' names. */
export type ReferenceWeights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/**
 * What is compared, in the order in which it is computed: of the hash ids the number of unequal ones, of activations the largest absolute difference. Patches without a byte, which
 * only pad the batch, are left out: they are zeros here and whatever a softmax over nothing gives there.
 */
export type ParityStages = Readonly<
  Record<'hash_ids' | 'hash_ids_500002' | 'embeddings' | 'bytes_out' | 'patches_in' | 'patches_out', number>
>;

/**
 * Runs the encoder on a case's inputs and weights, and compares every stage with what the reference computed.
 *
 * @param path the case's file, for messages
 * @throws FormatError `PARITY_CASE_MALFORMED`, `PARITY_WEIGHTS`
 */
export async function measureParity(reference: ParityCase, weights: ReferenceWeights, path: string): Promise<ParityStages> {
  const config = modelOfCase(reference, path);
  const { input_ids: ids, patch_lengths: patchLengths } = reference;
  const symbols = ids[0]!.length;
  const { rows, sizes } = config.tables;
  const functions = config.tables.hashFunctions ?? 1;
  const hashes = (functionNumber: number) => new NgramHash(sizes, rows, functionNumber);
  const chunks = ids.map((row, index) => ({
    count: symbols,
    lengths: new Uint32Array(symbols).fill(1),
    kinds: new Uint8Array(symbols).fill(symbolKind(false, 1)),
    rows: [Int32Array.from(row), ...Array.from({ length: functions }, (_, number) => ngramRows(row, hashes(number))).flat()],
    patchStarts: startsOf(patchLengths[index]!),
  }));
  const batch = batchChunks(chunks, (longest) => longest);
  const embedded = embed(config, batch, weights);

  const graph = buildGraph(config, config.global.dimension);
  try {
    setWeights(graph, config, weights);
    const [bytesOut, patchesIn, patchesOut] = await activations(graph, config, embedded, batch);
    const patches = patchLengths.map((row) => row.map((length) => length > 0));
    return {
      hash_ids: countUnequal(reference.hash_ids, ids, sizes, rows),
      hash_ids_500002: countUnequal(reference.hash_ids_500002, ids, sizes, BLT_ROWS),
      embeddings: largestDifference(embedded, reference.embeddings, 'embeddings', path),
      bytes_out: largestDifference(bytesOut!, reference.bytes_out, 'bytes_out', path),
      patches_in: largestDifference(patchesIn!, reference.patches_in, 'patches_in', path, patches),
      patches_out: largestDifference(patchesOut!, reference.patches_out, 'patches_out', path, patches),
    };
  } finally {
    graph.dispose();
  }
}

/** Number of the first byte of each patch; patches of length 0 are left out. */
function startsOf(lengths: readonly number[]): Uint32Array {
  const starts: number[] = [];
  let position = 0;
  for (const length of lengths) {
    if (length > 0) starts.push(position);
    position += length;
  }
  return Uint32Array.from(starts);
}

/** [sizes][positions] table rows of one sequence's n-grams. */
function ngramRows(ids: readonly number[], hash: NgramHash): Int32Array[] {
  const width = hash.sizes.length;
  const rows = new Int32Array(ids.length * width);
  hash.hash(Uint16Array.from(ids), 0, ids.length, rows);
  return hash.sizes.map((_, column) => Int32Array.from(ids, (_id, position) => rows[position * width + column]!));
}

/** How many of the reference's hash ids are not ours; ids that the reference should have and has not count as unequal, too. */
function countUnequal(
  expected: ParityCase['hash_ids'],
  ids: ParityCase['input_ids'],
  sizes: readonly number[],
  rows: number,
): number {
  let unequal = 0;
  const functions = new Set(Object.keys(expected).map((key) => Number(key.split('/')[0])));
  for (const number of functions) {
    const hash = new NgramHash(sizes, rows, number);
    ids.forEach((row, index) => {
      ngramRows(row, hash).forEach((column, size) => {
        const reference = expected[`${number}/${sizes[size]}`]?.[index];
        unequal += column.reduce((sum, id, position) => sum + (id === reference?.[position] ? 0 : 1), 0);
      });
    });
  }
  return unequal;
}

function weightOf(weights: ReferenceWeights, name: string, shape: readonly number[]): Float32Array {
  const found = weights.get(name);
  if (found && found.shape.length === shape.length && found.shape.every((size, axis) => size === shape[axis])) return found.data;
  const got = found ? `[${found.shape.join(', ')}]` : 'nothing';
  throw new FormatError(
    'PARITY_WEIGHTS',
    `the reference's weight "${name}" should be [${shape.join(', ')}], got ${got}; the weights do not belong to this case`,
    { details: { name, expected: shape, found: found?.shape } },
  );
}

/** [batch * symbols * local dimension] sums of the reference's table rows. */
function embed(config: ModelConfig, batch: SymbolBatch, weights: ReferenceWeights): Float32Array {
  const { dimension } = config.local;
  const { rows } = config.tables;
  const count = ngramTables(config);
  const width = Math.ceil(dimension / ROW_MULTIPLE) * ROW_MULTIPLE;
  const tables = new HashTables(width, count, rows);
  const fill = (table: Float32Array, values: Float32Array) => {
    for (let row = 0; row * dimension < values.length; row++)
      table.set(values.subarray(row * dimension, (row + 1) * dimension), row * width);
  };
  const ngrams = weightOf(weights, BLT_NGRAM_TABLES, [count * rows, dimension]);
  tables.tables.forEach((table, index) => {
    if (index === 0) fill(table, weightOf(weights, BLT_BYTE_TABLE, [BYTE_VOCABULARY, dimension]));
    else fill(table, ngrams.subarray((index - 1) * rows * dimension, index * rows * dimension));
  });
  const wide = tables.embed(batch);
  const embedded = new Float32Array(batch.size * batch.symbols * dimension);
  for (let place = 0; place < batch.size * batch.symbols; place++)
    embedded.set(wide.subarray(place * width, place * width + dimension), place * dimension);
  return embedded;
}

/** What BLT has not keeps its first value: the kinds' table of zeros, the norm and the projection behind what is compared. */
function setWeights(graph: tf.LayersModel, config: ModelConfig, weights: ReferenceWeights): void {
  const byName = new Map(namedWeights(graph).map((weight) => [weight.name, weight]));
  for (const { graph: name, blt, transposed: isTransposed } of bltWeights(config.local.layers, config.global.layers)) {
    const weight = byName.get(name);
    if (!weight) continue;
    const { shape } = weight;
    const values = isTransposed
      ? transposed(weightOf(weights, blt, shape.toReversed()), shape[1]!, shape[0]!)
      : weightOf(weights, blt, shape);
    const tensor = tf.tensor(values, [...shape]);
    weight.write(tensor);
    tensor.dispose();
  }
}

/** Bytes behind the local layers, patches behind cross attention, patches behind the global layers. */
async function activations(
  graph: tf.LayersModel,
  config: ModelConfig,
  embedded: Float32Array,
  batch: SymbolBatch,
): Promise<Float32Array[]> {
  const outputOf = (name: string) => graph.getLayer(name).output as tf.SymbolicTensor;
  const { local, global } = config;
  const projected = graph.layers.some((layer) => layer.name === GLOBAL_INPUT_LAYER) ? GLOBAL_INPUT_LAYER : PATCH_POOLING_LAYER;
  const stages = [
    local.layers > 0 ? `local/${local.layers - 1}` : SYMBOL_KIND_LAYER,
    PATCH_POOLING_LAYER,
    global.layers > 0 ? `global/${global.layers - 1}` : projected,
  ];
  const probe = tf.model({ inputs: graph.inputs, outputs: stages.map(outputOf) });
  const outputs = tf.tidy(() => {
    const symbols = tf.tensor3d(embedded, [batch.size, batch.symbols, local.dimension]);
    return probe.apply(graphInputs(symbols, batch)) as tf.Tensor[];
  });
  try {
    return (await Promise.all(outputs.map((output) => output.data()))) as Float32Array[];
  } finally {
    tf.dispose(outputs);
  }
}

/** @param included [batch, positions] which positions are compared; absent: all */
function largestDifference(
  got: Float32Array,
  expected: readonly (readonly (readonly number[])[])[],
  stage: string,
  path: string,
  included?: readonly (readonly boolean[])[],
): number {
  const dimension = expected[0]?.[0]?.length ?? 0;
  const positions = expected[0]?.length ?? 0;
  if (got.length !== expected.length * positions * dimension) {
    throw new FormatError(
      'PARITY_CASE_MALFORMED',
      `${path}: ${stage} is [${expected.length}, ${positions}, ${dimension}], ours has ${got.length} numbers; the case does not fit its own config`,
      { details: { path, stage } },
    );
  }
  let largest = 0;
  expected.forEach((rows, row) => {
    rows.forEach((values, position) => {
      if (included && !included[row]![position]) return;
      values.forEach((value, channel) => {
        const difference = Math.abs(value - got[(row * positions + position) * dimension + channel]!);
        // What is not a number must not pass as no difference.
        largest = Number.isNaN(difference) ? Number.MAX_VALUE : Math.max(largest, difference);
      });
    });
  });
  return largest;
}
