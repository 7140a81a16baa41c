import type { ModelConfig } from '../../../model/index.ts';
import type { OnnxOperations } from './onnx-operations.ts';

/** A weight of a layer by its name in the layer. */
export type WeightOf = (name: string) => string;

interface PatchPoolingInputs {
  /** [batch, symbols, dimension] */
  readonly states: string;
  readonly weight: WeightOf;
  readonly dimension: number;
  readonly heads: number;
  readonly queries: number;
  readonly epsilon: number;
}

/**
 * Cross attention of patches of one size to their own symbols (model/layers/patch-pooling.ts).
 *
 * @param mask [batch, symbols]
 * @returns [batch, patches, queries * dimension]
 */
export function poolBlocks(operations: OnnxOperations, inputs: PatchPoolingInputs, mask: string, patchSize: number): string {
  const { states, dimension, heads, queries } = inputs;
  const width = dimension / heads;
  const patchMask = operations.reshape(mask, [-1, patchSize, 1]); // [patches, patchSize, 1]
  const occupied = operations.reduce('Max', patchMask, 1, false); // [patches, 1]
  const masked = operations.add(operations.reshape(states, [-1, patchSize, dimension]), operations.maskBias(patchMask));
  const largest = operations.multiply(operations.reduce('Max', masked, 1, false), occupied); // [patches, dimension]
  const { asked, query, key, value } = project(operations, inputs, largest);
  const split = (x: string, rows: number) => operations.transpose(operations.reshape(x, [-1, rows, heads, width]), [0, 2, 1, 3]); // [patches, heads, rows, width]
  const keys = operations.transpose(operations.reshape(key, [-1, patchSize, heads, width]), [0, 2, 3, 1]);
  const bias = operations.reshape(operations.maskBias(patchMask), [-1, 1, 1, patchSize]);
  const scores = operations.add(operations.scale(operations.product(split(query, queries), keys), width ** -0.5), bias);
  const attended = operations.product(operations.softmax(scores), split(value, patchSize)); // [patches, heads, queries, width]
  const joined = operations.reshape(operations.transpose(attended, [0, 2, 1, 3]), [-1, queries, dimension]);
  return joinQueries(operations, inputs, asked, joined, occupied);
}

/**
 * The same where patches are runs of any lengths: maxima and sums of a run by scattering its symbols.
 *
 * @param ids [batch, symbols] int32, -1 for padding
 * @param patchMask [batch, patches]
 */
export function poolRuns(operations: OnnxOperations, inputs: PatchPoolingInputs, ids: string, patchMask: string): string {
  const { states, dimension, heads, queries } = inputs;
  const { graph } = operations;
  const width = dimension / heads;
  const batch = operations.size(ids, 0);
  const patches = operations.size(patchMask, 1);
  // Patch p of chunk b is segment b * patches + p; padding goes to one behind them all.
  const segments = operations.multiply(batch, patches); // [1]
  const rows = graph.node('Range', [graph.integers([0], []), graph.node('Squeeze', [batch]), graph.integers([1], [])]);
  const firsts = operations.unsqueeze(operations.multiply(rows, patches), 1); // [batch, 1]
  const longIds = graph.node('Cast', [ids], { to: INT64 });
  const isPadding = graph.node('Less', [longIds, graph.integers([0])]);
  const flat = operations.reshape(graph.node('Where', [isPadding, segments, operations.add(longIds, firsts)]), [-1]); // [symbols of all]
  const count = operations.add(segments, graph.integers([1]));
  const occupied = operations.reshape(patchMask, [-1, 1]);
  const scatter = (x: string, columns: number, kind: 'max' | 'add'): string => {
    const shape = operations.concat([count, graph.integers([columns])], 0);
    const start = graph.node('Expand', [graph.scalar(kind === 'max' ? LOWEST : 0), shape]);
    const places = graph.node('Expand', [operations.unsqueeze(flat, 1), graph.node('Shape', [x])]);
    return graph.node('ScatterElements', [start, places, x], { axis: 0, reduction: kind });
  };
  const spread = (x: string) => graph.node('Gather', [x, flat], { axis: 0 });
  const real = (x: string) => operations.slice(x, 0, 0, segments);

  const flatStates = operations.reshape(states, [-1, dimension]);
  // A patch without symbols would hold the lowest number: times zero it is zero.
  const largest = operations.multiply(real(scatter(flatStates, dimension, 'max')), occupied);
  const { asked, query, key, value } = project(operations, inputs, largest);
  const flatQueries = operations.reshape(query, [-1, queries * dimension]);
  const nobody = graph.node('Expand', [graph.scalar(0), graph.integers([1, queries * dimension])]);
  const ownQueries = operations.reshape(spread(operations.concat([flatQueries, nobody], 0)), [-1, queries, heads, width]);
  const keys = operations.reshape(key, [-1, 1, heads, width]);
  const products = operations.reduce('Sum', operations.multiply(ownQueries, keys), 3, false); // [rows, queries, heads]
  const scores = operations.reshape(operations.scale(products, width ** -0.5), [-1, queries * heads]);
  const powers = graph.node('Exp', [operations.subtract(scores, spread(scatter(scores, queries * heads, 'max')))]);
  const shares = operations.divide(powers, spread(scatter(powers, queries * heads, 'add')));
  const weighted = operations.multiply(
    operations.reshape(shares, [-1, queries, heads, 1]),
    operations.reshape(value, [-1, 1, heads, width]),
  );
  const sums = scatter(operations.reshape(weighted, [-1, queries * dimension]), queries * dimension, 'add');
  const attended = operations.reshape(real(sums), [-1, queries, dimension]);
  return joinQueries(operations, inputs, asked, attended, occupied);
}

/** TensorProto.DataType of int64. */
const INT64 = 7;
/** Below every state and score; times zero it is zero, as minus infinity would not be. */
const LOWEST = -3e38;

function project(
  operations: OnnxOperations,
  { states, weight, dimension, queries, epsilon }: PatchPoolingInputs,
  largest: string,
): Record<'asked' | 'query' | 'key' | 'value', string> {
  const asked = operations.reshape(operations.product(largest, weight('widen')), [-1, queries, dimension]);
  const query = operations.product(operations.rmsNormalize(asked, weight('query-norm'), epsilon), weight('query'));
  const normed = operations.rmsNormalize(states, weight('symbol-norm'), epsilon);
  return { asked, query, key: operations.product(normed, weight('key')), value: operations.product(normed, weight('value')) };
}

function joinQueries(
  operations: OnnxOperations,
  { states, weight, dimension, queries }: PatchPoolingInputs,
  asked: string,
  attended: string,
  occupied: string,
): string {
  const pooled = operations.add(operations.scale(asked, 2), operations.product(attended, weight('output')));
  const flat = operations.multiply(operations.reshape(pooled, [-1, queries * dimension]), occupied);
  const shape = operations.concat([operations.size(states, 0), operations.graph.integers([-1, queries * dimension])], 0);
  return operations.graph.node('Reshape', [flat, shape]);
}

/**
 * One vector from the patches (model/layers/pooling.ts).
 *
 * @param x [batch, patches, dimension]
 * @param mask [batch, patches]
 * @returns [batch, dimension]
 */
export function poolPatches(
  operations: OnnxOperations,
  x: string,
  mask: string,
  { pooling = 'mean', global }: ModelConfig,
  weight: WeightOf,
): string {
  const { graph } = operations;
  if (pooling === 'mean') {
    const total = operations.atLeast(operations.reduce('Sum', mask, 1, true), 1);
    return operations.divide(operations.reduce('Sum', operations.multiply(x, operations.unsqueeze(mask, 2)), 1, false), total);
  }
  if (pooling === 'last') {
    const numbers = graph.node('CumSum', [mask, graph.integers([1], [])]);
    const isLast = graph.node('Equal', [numbers, operations.reduce('Max', numbers, 1, true)]);
    // Behind the last patch the count stands still: the mask leaves its first place.
    const last = operations.multiply(graph.node('Cast', [isLast], { to: FLOAT32 }), mask);
    return operations.reduce('Sum', operations.multiply(x, operations.unsqueeze(last, 2)), 1, false);
  }
  const { dimension, heads } = global;
  const scores = operations.transpose(operations.scale(operations.product(x, weight('query')), dimension ** -0.5), [0, 2, 1]);
  const weights = operations.softmax(operations.add(scores, operations.unsqueeze(operations.maskBias(mask), 1))); // [batch, heads, patches]
  const channels = operations.splitHeads(x, heads, dimension / heads);
  const pooled = operations.reshape(operations.product(operations.unsqueeze(weights, 2), channels), [0, dimension]);
  return operations.multiply(pooled, operations.reduce('Max', mask, 1, true));
}

/** TensorProto.DataType of float32. */
const FLOAT32 = 1;
