import { tf } from '../../model/index.ts';

/** What tfjs keeps in a variable of a graph: by itself a variable, here also a plain tensor, which is read the same way. */
interface Holder {
  val: tf.Tensor;
}

/**
 * The weights of a graph in the hands of somebody else, who replaces them step by step. The graph reads what stands there now and owns nothing of it, so that the memory of weights
 * may be given away with each step. Nobody else may write into the graph meanwhile.
 */
export class LentWeights {
  readonly #variables: readonly tf.LayerVariable[];
  readonly #names: readonly string[];

  constructor(variables: readonly tf.LayerVariable[]) {
    this.#variables = variables;
    this.#names = variables.map((variable) => (variable.read() as tf.Variable).name);
  }

  /** Takes the weights out of the graph, which goes on reading them; the caller owns them. */
  take(): tf.Tensor[] {
    return this.#variables.map((variable) => {
      const before = variable.read();
      const tensor = before.clone();
      holderOf(variable).val = tensor;
      before.dispose();
      return tensor;
    });
  }

  /** What the graph reads from now on; it stays the caller's. */
  show(weights: readonly tf.Tensor[]): void {
    this.#variables.forEach((variable, index) => {
      holderOf(variable).val = weights[index]!;
    });
  }

  /** The result of an action that reads these weights from the graph; then the graph reads what it read before. */
  reading<Result>(weights: readonly tf.Tensor[], action: () => Result): Result {
    const before = this.#variables.map((variable) => holderOf(variable).val);
    this.show(weights);
    try {
      return action();
    } finally {
      this.show(before);
    }
  }

  /** Makes the graph the owner of its weights again: of copies, which share the tensors' memory. Weights that are gone become zeros, so that the graph can be disposed of. */
  giveBack(): void {
    this.#variables.forEach((variable, index) => {
      const holder = holderOf(variable);
      const lost = holder.val.isDisposed;
      const value = lost ? tf.zeros(variable.shape as number[]) : holder.val;
      holder.val = tf.variable(value, true, this.#names[index]!);
      if (lost) value.dispose();
    });
  }
}

function holderOf(variable: tf.LayerVariable): Holder {
  return variable as unknown as Holder;
}
