import { tf } from '../../tf.ts';
import { compiledKernels } from './compiled-kernels.ts';

/** What `normedProducts` of layers/operations.ts gives. */
export interface NormedProducts {
  /** x + delta, of their shape. */
  readonly sum: tf.Tensor;
  /** [rows, outputs] for each kernel; rows are all axes of the sum but the last. */
  readonly products: readonly tf.Tensor[];
}

/**
 * `rmsNormalize(x + delta, gain)` times each kernel, as one operation of the tape, so that gradients are added where they are read anyway: those of the products within the pass of the
 * norm's gradient, and that of the sum with them (c/rms-norm.c). Kept for the gradient are the sum and one number a row; the normalised rows are computed again.
 *
 * @param x [..., channels] float32
 * @param delta as x; absent: the sum is x
 * @param gain [channels]
 * @param kernels [channels, outputs] each
 * @returns undefined where there are no compiled kernels, or none for these tensors: then the operations of tfjs do it
 */
export function compiledNormedProducts(
  x: tf.Tensor,
  delta: tf.Tensor | undefined,
  gain: tf.Tensor,
  epsilon: number,
  kernels: readonly tf.Tensor[],
): NormedProducts | undefined {
  const compiled = compiledKernels();
  if (compiled === undefined || !fits(x, delta, gain, kernels)) return undefined;
  const name = register(kernels.length, delta !== undefined);
  const inputs = {
    x,
    ...(delta && { delta }),
    gain,
    ...Object.fromEntries(kernels.map((kernel, index) => [kernelInput(index), kernel])),
  };
  const [sum, , ...products] = tf.engine().runKernel(name, inputs, { epsilon }) as tf.Tensor[];
  return { sum: sum!, products };
}

function fits(x: tf.Tensor, delta: tf.Tensor | undefined, gain: tf.Tensor, kernels: readonly tf.Tensor[]): boolean {
  const channels = x.shape.at(-1) ?? 0;
  return (
    x.size > 0 &&
    [x, gain, ...kernels, ...(delta ? [delta] : [])].every(({ dtype }) => dtype === 'float32') &&
    (delta === undefined || tf.util.arraysEqual(delta.shape, x.shape)) &&
    tf.util.arraysEqual(gain.shape, [channels]) &&
    kernels.every(({ rank, shape }) => rank === 2 && shape[0] === channels)
  );
}

const kernelInput = (index: number): string => `kernel${index}`;

/** An operation of several results is a kernel to tfjs, whose inputs have fixed names: one for each number of products, with and without delta. Gives its name. */
function register(count: number, withDelta: boolean): string {
  const kernelName = `CemNormedProducts${count}${withDelta ? 'OfSum' : ''}`;
  const backendName = tf.getBackend();
  if (tf.getKernel(kernelName, backendName) !== undefined) return kernelName;
  const kernelInputs = Array.from({ length: count }, (_, index) => kernelInput(index));
  const kernelFunc = (parameters: { inputs: Record<string, tf.Tensor>; attrs: { epsilon: number }; backend: Backend }) => {
    const { x, delta, gain, ...kernels } = parameters.inputs as Record<string, tf.Tensor> & Record<'x' | 'gain', tf.Tensor>;
    return forward(
      parameters.backend,
      x,
      delta,
      gain,
      parameters.attrs.epsilon,
      kernelInputs.map((name) => kernels[name]!),
    );
  };
  tf.registerKernel({ kernelName, backendName, kernelFunc: kernelFunc as unknown as tf.KernelFunc });
  if (tf.getGradient(kernelName) === undefined) registerGradient(kernelName, kernelInputs, withDelta);
  return kernelName;
}

function registerGradient(kernelName: string, kernelInputs: readonly string[], withDelta: boolean): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: ['gain', ...kernelInputs],
    outputsToSave: [true, true, ...kernelInputs.map(() => false)],
    gradFunc: (dys, saved, attributes) => {
      const { epsilon } = attributes as unknown as { epsilon: number };
      const { dx, gain, kernels } = backward(dys as tf.Tensor[], saved, epsilon);
      const ofKernels = kernels.map((gradient, index) => [kernelInput(index), () => gradient]);
      // tfjs gives a gradient back when it adds another to it, so that no two inputs may share one tensor.
      return { x: () => dx, ...(withDelta && { delta: () => dx.clone() }), gain: () => gain, ...Object.fromEntries(ofKernels) };
    },
  });
}

/** What of the backend is used here: another tensor of the same numbers must be counted. */
interface Backend {
  incRef(dataId: tf.DataId): void;
}

/** The sum, the inverse root of each row, the products. */
function forward(
  backend: Backend,
  x: tf.Tensor,
  delta: tf.Tensor | undefined,
  gain: tf.Tensor,
  epsilon: number,
  kernels: readonly tf.Tensor[],
): tf.TensorInfo[] {
  const compiled = compiledKernels()!;
  const results = tf.tidy(() => {
    const [normed, inverse, sum] = delta
      ? compiled.run('CemResidualRmsNorm', { epsilon }, [x, delta, gain], 3)
      : compiled.run('CemRmsNorm', { epsilon }, [x, gain], 2);
    const rows = flat(normed!);
    return [...(sum ? [sum] : []), inverse!, ...kernels.map((kernel) => tf.matMul(rows, kernel as tf.Tensor2D))];
  });
  if (delta) return results;
  backend.incRef(x.dataId);
  return [{ dataId: x.dataId, shape: x.shape, dtype: x.dtype }, ...results];
}

function backward(
  dys: readonly tf.Tensor[],
  saved: readonly tf.Tensor[],
  epsilon: number,
): { dx: tf.Tensor; gain: tf.Tensor; kernels: tf.Tensor[] } {
  const compiled = compiledKernels()!;
  const [dsum, , ...dproducts] = dys as [tf.Tensor, tf.Tensor, ...tf.Tensor2D[]];
  const gain = saved[0]!;
  const [sum, inverse] = saved.slice(-2) as [tf.Tensor, tf.Tensor];
  const kernels = saved.slice(1, -2) as tf.Tensor2D[];
  return tf.tidy(() => {
    const rows = flat(compiled.run('CemRmsNorm', { epsilon }, [sum, gain], 2)[0]!);
    const ofRows = kernels.map((kernel, index) => tf.matMul(dproducts[index]!, kernel, false, true));
    const attributes = { N: kernels.length, M: 1 };
    const [dx, ofGain] = compiled.run('CemRmsNormGradient', attributes, [sum, gain, inverse, ...ofRows, dsum], 2);
    return { dx: dx!, gain: ofGain!, kernels: dproducts.map((dy) => tf.matMul(rows, dy, true, false)) };
  });
}

function flat(x: tf.Tensor): tf.Tensor2D {
  return x.rank === 2 ? (x as tf.Tensor2D) : x.reshape([-1, x.shape.at(-1)!]);
}
