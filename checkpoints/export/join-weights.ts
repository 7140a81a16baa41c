import { partNames, tf, toVariableOrder } from '../../model/index.ts';

/** Variables of blocks that were several before: exports of that time name their parts. */
const JOINED = ['attention/query.key.value', 'feed-forward/gate.up'];

/**
 * The weights of a LayersModel as tfjs takes them, whatever version wrote it: parts that stand one after another become the variable that holds them now.
 *
 * @param buffers float32 numbers of all weights in the order of the specs
 */
export function joinWeights(
  specs: readonly tf.io.WeightsManifestEntry[],
  buffers: ArrayBuffer[],
): [specs: tf.io.WeightsManifestEntry[], buffers: ArrayBuffer[]] {
  const joined: tf.io.WeightsManifestEntry[] = [];
  const variables: { from: number; variable: { originalName: string; shape: number[] } }[] = [];
  let from = 0;
  for (let at = 0; at < specs.length; ) {
    const spec = specs[at]!;
    const name = JOINED.find((joint) => partNames(joint).every((part, index) => specs[at + index]?.name.endsWith(`/${part}`)));
    const [first, ...others] = name === undefined ? [] : partNames(name);
    at += 1 + others.length;
    if (first === undefined) {
      joined.push(spec);
      from += tf.util.sizeFromShape(spec.shape);
      continue;
    }
    const [rows, columns] = spec.shape as [number, number];
    const shape = [rows, columns * (1 + others.length)];
    const originalName = spec.name.slice(0, -first.length) + name;
    joined.push({ ...spec, name: originalName, shape });
    variables.push({ from, variable: { originalName, shape } });
    from += tf.util.sizeFromShape(shape);
  }
  if (variables.length === 0) return [joined, buffers];
  const numbers = new Float32Array(new tf.io.CompositeArrayBuffer(buffers).slice(0));
  for (const { from, variable } of variables) {
    const size = tf.util.sizeFromShape(variable.shape);
    numbers.set(toVariableOrder(variable, numbers.subarray(from, from + size)), from);
  }
  return [joined, [numbers.buffer]];
}
