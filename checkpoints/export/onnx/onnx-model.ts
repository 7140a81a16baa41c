import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { tf } from '../../../model/index.ts';
import { type ModelConfig, patchingOf, queriesPerPatch } from '../../../model/index.ts';
import { graphArrays } from '../../store/graph-weights.ts';
import type { NamedArray } from '../../store/safetensors.ts';
import { fullAttention, type RotaryTables, rotaryTables, rotate, windowedAttention } from './onnx-attention.ts';
import { OnnxGraph, type OnnxValue } from './onnx-graph.ts';
import { OnnxOperations } from './onnx-operations.ts';
import { poolBlocks, poolPatches, poolRuns, type WeightOf } from './onnx-pooling.ts';

export const ONNX_FILE = 'encoder.onnx';
export const ONNX_WEIGHTS_FILE = 'encoder.onnx.data';
/** Above it weights stand in a file of their own: a message of protocol buffers ends at 2 GiB. */
const LARGEST_INSIDE = 2 ** 30;

/**
 * Writes a graph as ONNX (operator set 18): `encoder.onnx`, which any runtime loads, and for weights above `largestInside` bytes `encoder.onnx.data` beside it.
 * Inputs, output and their meaning are those of `buildGraph`; batch, symbols and patches may have any size (symbols a multiple of the patch size where patches are static).
 *
 * @param config of the model that the graph is of
 * @returns names of the files, each synced
 */
export async function writeOnnxModel(
  graph: tf.LayersModel,
  config: ModelConfig,
  folder: string,
  largestInside = LARGEST_INSIDE,
): Promise<string[]> {
  const weights = await graphArrays(graph);
  let bytes = 0;
  for (const { data } of weights.values()) bytes += data.byteLength;
  if (bytes <= largestInside) {
    await writeFile(join(folder, ONNX_FILE), onnxModel(graph, config, weights, new OnnxGraph()), { flush: true });
    return [ONNX_FILE];
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  const store = (part: Uint8Array): number => {
    const start = length;
    parts.push(part);
    length += part.length;
    return start;
  };
  const model = onnxModel(graph, config, weights, new OnnxGraph({ file: ONNX_WEIGHTS_FILE, store }));
  await writeParts(join(folder, ONNX_WEIGHTS_FILE), parts);
  await writeFile(join(folder, ONNX_FILE), model, { flush: true });
  return [ONNX_FILE, ONNX_WEIGHTS_FILE];
}

async function writeParts(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file: FileHandle = await open(path, 'wx');
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The graph of model/graph.ts, layer by layer in its order. */
function onnxModel(
  model: tf.LayersModel,
  config: ModelConfig,
  weights: ReadonlyMap<string, NamedArray>,
  graph: OnnxGraph,
): Uint8Array {
  const { local, global, causal = false } = config;
  const operations = new OnnxOperations(graph);
  const names = new Set<string>();
  const weightsOf =
    (layer: string): WeightOf =>
    (name) => {
      const path = `${layer}/${name}`;
      if (!names.has(path)) {
        const { shape, data } = weights.get(path)!;
        graph.weight(path, shape, data);
        names.add(path);
      }
      return path;
    };
  const epsilonOf = (layer: string) => model.getLayer(layer).getConfig()['epsilon'] as number;
  const epsilon = epsilonOf('global/norm');
  const runs = patchingOf(config).kind !== 'static';
  const turnsOf = (name: string, { dimension, heads, ropeTheta }: ModelConfig['global'], positions: number) =>
    rotaryTables(operations, `${name}/rotary`, { positions, width: dimension / heads, theta: ropeTheta });

  const symbolMask = operations.atMost('lengths', 1); // [batch, symbols]
  const patchMask = runs
    ? 'patch-mask'
    : operations.reduce('Max', operations.reshape(symbolMask, [0, -1, config.patchSize]), 2, false);
  // [batch, symbols, local dimension]
  let states = operations.add('symbols', graph.node('Gather', [weightsOf('local/kind')('table'), 'kinds'], { axis: 0 }));
  const symbolTurns = turnsOf('local', local, longestInput(config));
  for (let layer = 0; layer < local.layers; layer++) {
    const block = { ...local, causal, epsilon, weight: weightsOf(`local/${layer}`), turns: symbolTurns };
    states = transformerBlock(operations, states, symbolMask, block);
  }
  const pooling = {
    states,
    weight: weightsOf('local/pooling'),
    dimension: local.dimension,
    heads: local.crossAttentionHeads,
    queries: queriesPerPatch(config),
    epsilon,
  };
  // [batch, patches, queries * local dimension]
  let patches = runs
    ? poolRuns(operations, pooling, 'patch-ids', patchMask)
    : poolBlocks(operations, pooling, symbolMask, config.patchSize);
  if (weights.has('global/input/kernel')) patches = operations.product(patches, weightsOf('global/input')('kernel'));
  const patchTurns = turnsOf('global', global, longestInput(config));
  for (let layer = 0; layer < global.layers; layer++) {
    const block = { ...global, causal, epsilon, weight: weightsOf(`global/${layer}`), turns: patchTurns };
    patches = transformerBlock(operations, patches, patchMask, block);
  }
  patches = operations.rmsNormalize(patches, weightsOf('global/norm')('gain'), epsilon);
  const pooled = poolPatches(operations, patches, patchMask, config, weightsOf('pooling'));
  let output = operations.product(pooled, weightsOf('projection')('kernel'));
  if (config.skipPath) output = operations.add(output, skipPath(operations, weightsOf, epsilon));
  const squares = operations.reduce('Sum', operations.multiply(output, output), -1, true);
  const length = graph.node('Sqrt', [operations.add(squares, graph.scalar(epsilonOf('unit')))]);
  graph.node('Div', [output, length], {}, 'embedding');
  const dimension = model.outputs[0]!.shape[1]!;
  return graph.serialize('cem', inputsOf(config, runs), [{ name: 'embedding', type: 'float32', shape: ['batch', dimension] }]);
}

function inputsOf({ local }: ModelConfig, runs: boolean): OnnxValue[] {
  const inputs: OnnxValue[] = [
    { name: 'symbols', type: 'float32', shape: ['batch', 'symbols', local.dimension] },
    { name: 'lengths', type: 'float32', shape: ['batch', 'symbols'] },
    { name: 'kinds', type: 'int32', shape: ['batch', 'symbols'] },
  ];
  if (!runs) return inputs;
  return [
    ...inputs,
    { name: 'patch-ids', type: 'int32', shape: ['batch', 'symbols'] },
    { name: 'patch-mask', type: 'float32', shape: ['batch', 'patches'] },
  ];
}

/** Symbols of the longest chunk after padding, for the tables of positions. */
function longestInput({ maximumSymbols, patchSize, local }: ModelConfig): number {
  return maximumSymbols + patchSize * local.window;
}

interface Block {
  readonly dimension: number;
  readonly heads: number;
  readonly window?: number;
  readonly causal: boolean;
  readonly epsilon: number;
  readonly weight: WeightOf;
  readonly turns: RotaryTables;
}

/** model/layers/transformer-block.ts */
function transformerBlock(operations: OnnxOperations, x: string, mask: string, block: Block): string {
  const { dimension, heads, window, causal, epsilon, weight, turns } = block;
  const width = dimension / heads;
  const normed = operations.rmsNormalize(x, weight('attention/norm'), epsilon);
  const heard = (name: string) => operations.splitHeads(operations.product(normed, weight(name)), heads, width);
  const inputs = {
    query: rotate(operations, heard('attention/query'), turns),
    key: rotate(operations, heard('attention/key'), turns),
    value: heard('attention/value'),
    mask,
    width,
    causal,
  };
  const attended = window === undefined ? fullAttention(operations, inputs) : windowedAttention(operations, inputs, window);
  const afterAttention = operations.add(
    x,
    operations.product(operations.joinHeads(attended, dimension), weight('attention/output')),
  );
  const hidden = operations.rmsNormalize(afterAttention, weight('feed-forward/norm'), epsilon);
  const gate = operations.silu(operations.product(hidden, weight('feed-forward/gate')));
  const gated = operations.multiply(gate, operations.product(hidden, weight('feed-forward/up')));
  return operations.add(afterAttention, operations.product(gated, weight('feed-forward/down')));
}

/** `SkipBag` and its projection. Output: [batch, output dimension]. */
function skipPath(operations: OnnxOperations, weightsOf: (layer: string) => WeightOf, epsilon: number): string {
  const { graph } = operations;
  const weight = weightsOf('skip/bag');
  const normed = operations.rmsNormalize('symbols', weight('symbol-norm'), epsilon);
  const gate = graph.node('Sigmoid', [operations.product(normed, weight('gate'))]); // [batch, symbols, 1]
  const share = graph.node('Sqrt', ['lengths']); // [batch, symbols]
  const total = operations.atLeast(operations.reduce('Sum', share, 1, true), 1); // [batch, 1]
  const weighted = operations.multiply(operations.multiply(gate, operations.unsqueeze(share, 2)), 'symbols');
  const bag = operations.divide(operations.reduce('Sum', weighted, 1, false), total);
  const unit = operations.rmsNormalize(bag, weight('bag-norm'), epsilon);
  return operations.product(unit, weightsOf('skip/projection')('kernel'));
}
