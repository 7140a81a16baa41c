import { CemError } from '../../base/index.ts';
import { tf } from '../../model/index.ts';
import type { OpAttributes } from '../../model/kernels/compiled/index.ts';
import { attentionShapes, useCompiledKernels } from '../../model/kernels/compiled/index.ts';

type Shape = readonly number[];

/** What of a counting backend is used here. */
interface Counter {
  operations: number;
  allocate(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
}

/** An op of model/kernels/c: shapes of what it gives, and multiplications and additions of its products; none by default. */
interface CountedOp {
  shapes(inputs: readonly Shape[], attributes: OpAttributes): readonly Shape[];
  operations?(inputs: readonly Shape[], attributes: OpAttributes): number;
}

const sizeOf = (shape: Shape): number => tf.util.sizeFromShape([...shape]);
const rowsOf = (x: Shape): Shape => [sizeOf(x.slice(0, -1))];
/** Gradients have the shapes of what they are of. */
const asInputs = (count: number) => (inputs: readonly Shape[]) => inputs.slice(0, count);

/** Pairs of queries and keys times their channels. */
function attentionPairs([projections, mask]: readonly Shape[], { window, causal }: OpAttributes): number {
  const [batch, positions] = mask as [number, number];
  const channels = projections![1]! / 3;
  const reach = window === 0 ? positions : Math.min(positions, window as number);
  const back = reach * positions - (reach * (reach - 1)) / 2;
  return batch * channels * (causal ? back : 2 * back - positions);
}

/** Each of a patch's queries and each of its symbols, which together are all symbols. */
function patchPairs([query, key]: readonly Shape[]): number {
  return query![1]! * sizeOf(key!);
}

/** Two products forward; the scores again and four products backward. */
const FORWARD = 2 * 2;
const BACKWARD = 5 * 2;

const OPS: Readonly<Record<string, CountedOp>> = {
  CemAttention: {
    shapes: ([projections, mask], { heads }) => attentionShapes(projections!, mask!, heads as number),
    operations: (inputs, attributes) => FORWARD * attentionPairs(inputs, attributes),
  },
  CemAttentionGradient: {
    shapes: asInputs(1),
    operations: (inputs, attributes) => BACKWARD * attentionPairs(inputs, attributes),
  },
  CemPatchAttention: { shapes: asInputs(1), operations: (inputs) => FORWARD * patchPairs(inputs) },
  CemPatchAttentionGradient: { shapes: asInputs(3), operations: (inputs) => BACKWARD * patchPairs(inputs) },
  CemRmsNorm: { shapes: ([x]) => [x!, rowsOf(x!)] },
  CemResidualRmsNorm: { shapes: ([x]) => [x!, rowsOf(x!), x!] },
  CemRmsNormGradient: { shapes: asInputs(2) },
  CemSwiGlu: { shapes: ([gateUp]) => [[...gateUp!.slice(0, -1), gateUp!.at(-1)! / 2]] },
  CemSwiGluGradient: { shapes: asInputs(1) },
  CemSumOfSquares: { shapes: () => [[]] },
  CemCopy: { shapes: asInputs(1) },
  CemAdamW: { shapes: () => [] },
};

/** Gives a counting backend compiled kernels that compute nothing, or takes them away: what holds memory is then what it is with the real ones. */
export function countCompiledKernels(name: string, backend: Counter | undefined): void {
  useCompiledKernels(
    name,
    backend && {
      threads: 1,
      ops: Object.keys(OPS),
      has: (op) => op in OPS,
      run: (op, attributes, inputs) => {
        const counted = OPS[op];
        if (counted === undefined)
          throw new CemError('PLAN_KERNEL', `the plan does not know what the compiled kernel ${op} takes`, { details: { op } });
        const shapes = inputs.map(({ shape }) => shape);
        backend.operations += counted.operations?.(shapes, attributes) ?? 0;
        return counted
          .shapes(shapes, attributes)
          .map((shape) => tf.engine().makeTensorFromTensorInfo(backend.allocate(shape, 'float32')));
      },
    },
  );
}
