import { MASKED_SCORE } from '../../../model/layers/index.ts';
import type { OnnxGraph } from './onnx-graph.ts';

/** `Slice` to the end of an axis. */
export const TO_THE_END = Number.MAX_SAFE_INTEGER;

/** Values of an ONNX graph by name, and the operations that CEM's layers are made of. Shapes are those of model/layers. */
export class OnnxOperations {
  readonly graph: OnnxGraph;

  constructor(graph: OnnxGraph) {
    this.graph = graph;
  }

  add(a: string, b: string): string {
    return this.graph.node('Add', [a, b]);
  }

  subtract(a: string, b: string): string {
    return this.graph.node('Sub', [a, b]);
  }

  multiply(a: string, b: string): string {
    return this.graph.node('Mul', [a, b]);
  }

  divide(a: string, b: string): string {
    return this.graph.node('Div', [a, b]);
  }

  scale(a: string, factor: number): string {
    return this.multiply(a, this.graph.scalar(factor));
  }

  product(a: string, b: string): string {
    return this.graph.node('MatMul', [a, b]);
  }

  /** 0 keeps a size, -1 is what is left. */
  reshape(x: string, shape: readonly number[]): string {
    return this.graph.node('Reshape', [x, this.graph.integers(shape)]);
  }

  transpose(x: string, order: readonly number[]): string {
    return this.graph.node('Transpose', [x], { perm: order });
  }

  unsqueeze(x: string, axis: number): string {
    return this.graph.node('Unsqueeze', [x, this.graph.integers([axis])]);
  }

  reduce(kind: 'Sum' | 'Mean' | 'Max', x: string, axis: number, keep: boolean): string {
    return this.graph.node(`Reduce${kind}`, [x, this.graph.integers([axis])], { keepdims: keep ? 1 : 0 });
  }

  softmax(x: string): string {
    return this.graph.node('Softmax', [x], { axis: -1 });
  }

  /** From `start` up to `end` on one axis; both may be values of the graph, [1] int64. */
  slice(x: string, axis: number, start: number | string, end: number | string): string {
    const place = (at: number | string) => (typeof at === 'string' ? at : this.graph.integers([at]));
    return this.graph.node('Slice', [x, place(start), place(end), this.graph.integers([axis])]);
  }

  concat(values: readonly string[], axis: number): string {
    return this.graph.node('Concat', values, { axis });
  }

  /** [1] int64 the size of an axis. */
  size(x: string, axis: number): string {
    return this.graph.node('Shape', [x], { start: axis, end: axis + 1 });
  }

  /** 1 -> 0 and 0 -> a score that softmax turns into nothing. */
  maskBias(mask: string): string {
    return this.scale(this.subtract(mask, this.graph.scalar(1)), MASKED_SCORE);
  }

  atLeast(x: string, value: number): string {
    return this.graph.node('Max', [x, this.graph.scalar(value)]);
  }

  atMost(x: string, value: number): string {
    return this.graph.node('Min', [x, this.graph.scalar(value)]);
  }

  /** `gain * x / sqrt(mean(x^2) + epsilon)` */
  rmsNormalize(x: string, gain: string | undefined, epsilon: number): string {
    const mean = this.reduce('Mean', this.multiply(x, x), -1, true);
    const unit = this.divide(x, this.graph.node('Sqrt', [this.add(mean, this.graph.scalar(epsilon))]));
    return gain === undefined ? unit : this.multiply(unit, gain);
  }

  silu(x: string): string {
    return this.multiply(x, this.graph.node('Sigmoid', [x]));
  }

  /** [batch, positions, heads * width] -> [batch, heads, positions, width] */
  splitHeads(x: string, heads: number, width: number): string {
    return this.transpose(this.reshape(x, [0, 0, heads, width]), [0, 2, 1, 3]);
  }

  /** [batch, heads, positions, width] -> [batch, positions, heads * width] */
  joinHeads(x: string, dimension: number): string {
    return this.reshape(this.transpose(x, [0, 2, 1, 3]), [0, 0, dimension]);
  }
}
