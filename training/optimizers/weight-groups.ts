import { tf } from '../../model/index.ts';

/** Which weights decay, and how much. */
export interface DecayOptions {
  readonly weightDecay: number;
  /** Whether embeddings decay as other matrices do; they do unless this is false. */
  readonly decayEmbeddings?: boolean | undefined;
}

/** Last part of the names of weights that are looked up and not multiplied with. */
const EMBEDDING = /(^|\/)table$/;

/** Numbers that are updated together: few enough that the dozen intermediate results of an update are small beside a large model. */
const GROUP_NUMBERS = 2 ** 22;

/** Neighbouring weights that are handled as one vector. */
export interface WeightGroup {
  readonly weights: readonly tf.LayerVariable[];
  readonly sizes: readonly number[];
  /** Number of the first weight among all. */
  readonly firstWeight: number;
  /** Place of the first number in the flat order of all weights. */
  readonly from: number;
  readonly size: number;
}

/** Cuts weights, in their order, into groups; a weight that is larger than a group is one by itself. */
export function groupWeights(weights: readonly tf.LayerVariable[], groupNumbers = GROUP_NUMBERS): WeightGroup[] {
  const groups: WeightGroup[] = [];
  let members: tf.LayerVariable[] = [];
  let size = 0;
  let from = 0;
  let firstWeight = 0;
  const close = () => {
    if (members.length === 0) return;
    groups.push({ weights: members, sizes: members.map(sizeOf), firstWeight, from, size });
    from += size;
    firstWeight += members.length;
    members = [];
    size = 0;
  };
  for (const weight of weights) {
    if (size + sizeOf(weight) > groupNumbers) close();
    members.push(weight);
    size += sizeOf(weight);
  }
  close();
  return groups;
}

/** Numbers in a weight. */
function sizeOf(weight: tf.LayerVariable): number {
  return weight.shape.reduce<number>((product, length) => product * (length ?? 1), 1);
}

/** The decay of a weight: none for gains and, by choice, none for embeddings. */
export function decayOf(weight: tf.LayerVariable, { weightDecay, decayEmbeddings = true }: DecayOptions): number {
  return weight.shape.length > 1 && (decayEmbeddings || !EMBEDDING.test(weight.originalName)) ? weightDecay : 0;
}

/** The decay of a group's numbers: [size], or one number for all; the caller owns it. */
export function groupDecay({ weights, sizes }: WeightGroup, options: DecayOptions): tf.Tensor1D | number {
  const shares = weights.map((weight) => decayOf(weight, options));
  if (shares.every((share) => share === shares[0])) return shares[0]!;
  return tf.tidy(() => tf.concat(sizes.map((length, index) => tf.fill([length], shares[index]!)))) as tf.Tensor1D;
}

/** [size] the weights of a group; the caller owns it. */
export function readGroup({ weights }: WeightGroup): tf.Tensor1D {
  return tf.tidy(() => tf.concat(weights.map((weight) => weight.read().flatten())) as tf.Tensor1D);
}

/** @param values [size] */
export function writeGroup({ weights, sizes }: WeightGroup, values: tf.Tensor1D): void {
  tf.tidy(() => {
    const parts = tf.split(values, [...sizes]);
    weights.forEach((weight, index) => {
      weight.write(parts[index]!.reshape(weight.shape as number[]));
    });
  });
}
