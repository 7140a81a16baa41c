import { bandValues, MASKED_SCORE, quarterTurn, rotaryAngles } from '../../../model/layers/index.ts';
import { type OnnxOperations, TO_THE_END } from './onnx-operations.ts';

/** Tables of cosines and sines, [positions, width] each as names, and the quarter turn [width, width]. */
export interface RotaryTables {
  readonly cosine: string;
  readonly sine: string;
  readonly turn: string;
}

export interface AttentionInputs {
  /** [batch, heads, positions, width], turned by their positions. */
  readonly query: string;
  readonly key: string;
  /** [batch, heads, positions, width] */
  readonly value: string;
  /** [batch, positions] */
  readonly mask: string;
  readonly width: number;
  readonly causal: boolean;
}

/**
 * Tables of rotary positions for sequences of up to so many; made here and not in the file's graph, whose float32 angles would be coarse at high positions.
 */
export function rotaryTables(
  operations: OnnxOperations,
  name: string,
  { positions, width, theta }: { readonly positions: number; readonly width: number; readonly theta: number },
): RotaryTables {
  const { graph } = operations;
  const { cosine, sine } = rotaryAngles(positions, width, theta);
  return {
    cosine: graph.weight(`${name}/cosine`, [positions, width], cosine),
    sine: graph.weight(`${name}/sine`, [positions, width], sine),
    turn: graph.weight(`${name}/turn`, [width, width], quarterTurn(width)),
  };
}

/** @param x [batch, heads, positions, width] */
export function rotate(operations: OnnxOperations, x: string, { cosine, sine, turn }: RotaryTables): string {
  const positions = operations.size(x, 2);
  const upTo = (table: string) => operations.slice(table, 0, 0, positions);
  return operations.add(operations.multiply(x, upTo(cosine)), operations.multiply(operations.product(x, turn), upTo(sine)));
}

/** Every query sees every unmasked key; causal: none that is later. Output: [batch, heads, positions, width]. */
export function fullAttention(operations: OnnxOperations, inputs: AttentionInputs): string {
  const { query, key, value, mask, width, causal } = inputs;
  const { graph } = operations;
  let bias = operations.unsqueeze(operations.unsqueeze(operations.maskBias(mask), 1), 1); // [batch, 1, 1, positions]
  if (causal) {
    const positions = graph.node('Squeeze', [operations.size(query, 2)]);
    const numbers = graph.node('Range', [graph.integers([0], []), positions, graph.integers([1], [])]);
    const later = graph.node('Greater', [operations.unsqueeze(numbers, 0), operations.unsqueeze(numbers, 1)]); // [positions, positions]
    bias = operations.add(bias, graph.node('Where', [later, graph.scalar(-MASKED_SCORE), graph.scalar(0)]));
  }
  return attend(operations, query, operations.transpose(key, [0, 1, 3, 2]), value, width, bias);
}

/**
 * The windows of model/layers/attention.ts: blocks of one window, each with its neighbours, for any number of positions.
 * Output: [batch, heads, positions, width].
 */
export function windowedAttention(operations: OnnxOperations, inputs: AttentionInputs, window: number): string {
  const { query, key, value, mask, width, causal } = inputs;
  const { graph } = operations;
  const positions = operations.size(query, 2);
  // How many positions are missing to the next multiple of the window.
  const missing = graph.node('Mod', [graph.node('Neg', [positions]), graph.integers([window])]);
  const zeros = (count: number) => graph.integers(new Array<number>(count).fill(0));
  const blocksOf = (x: string): string => {
    const padded = graph.node('Pad', [x, operations.concat([zeros(6), missing, zeros(1)], 0)]);
    return operations.reshape(padded, [0, 0, -1, window, width]);
  };
  const shifts = causal ? [0, 1] : [0, 1, 2];
  /** [batch, x, blocks, window, ...] -> [batch, x, blocks, shifts * window, ...] */
  const withNeighbours = (blocks: string, rank: number): string => {
    const pads = new Array<number>(2 * rank).fill(0);
    pads[2] = 1;
    pads[rank + 2] = 1;
    const padded = graph.node('Pad', [blocks, graph.integers(pads)]);
    return operations.concat(
      shifts.map((shift) => operations.slice(padded, 2, shift, shift === 2 ? TO_THE_END : shift - 2)),
      3,
    );
  };
  const paddedMask = graph.node('Pad', [mask, operations.concat([zeros(3), missing], 0)]);
  const keyMask = withNeighbours(operations.unsqueeze(operations.reshape(paddedMask, [0, -1, window]), 1), 4); // [batch, 1, blocks, keys]
  const bias = operations.add(
    operations.unsqueeze(operations.maskBias(keyMask), 3),
    bandBias(operations, window, shifts.length, causal),
  );
  const near = (x: string) => withNeighbours(blocksOf(x), 5);
  const nearKeys = operations.transpose(near(key), [0, 1, 2, 4, 3]);
  const attended = attend(operations, blocksOf(query), nearKeys, near(value), width, bias); // [batch, heads, blocks, window, width]
  return operations.slice(operations.reshape(attended, [0, 0, -1, width]), 2, 0, positions);
}

/** [window, neighbours * window] 0 where query i of a block may see key j of it and its neighbours. */
function bandBias(operations: OnnxOperations, window: number, neighbours: number, causal: boolean): string {
  const keys = neighbours * window;
  const values = bandValues(window, keys, window, window, causal);
  return operations.graph.weight(`band/${window}x${keys}`, [window, keys], values);
}

/** @param keys [..., width, keys] */
function attend(operations: OnnxOperations, query: string, keys: string, value: string, width: number, bias: string): string {
  const scores = operations.add(operations.scale(operations.product(query, keys), width ** -0.5), bias);
  return operations.product(operations.softmax(scores), value);
}
