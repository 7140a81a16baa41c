import { tf } from '../tf.ts';

/** A layer whose inputs and weights are read as plain tensors, and whose configuration is a plain object: what all of CEM's layers share. */
export abstract class CemLayer<Options extends object> extends tf.layers.Layer {
  protected readonly options: Options;

  constructor(options: Options & { name?: string }) {
    super(options as ConstructorParameters<typeof tf.layers.Layer>[0]);
    const { name: _name, ...own } = options;
    this.options = own as unknown as Options;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...(this.options as tf.serialization.ConfigDict) };
  }

  /** A trainable matrix; its values are set by `initializeWeights`, so that one seed gives one model on every backend. */
  protected matrix(name: string, inputs: number, outputs: number): tf.LayerVariable {
    return this.addWeight(name, [inputs, outputs], 'float32', tf.initializers.zeros());
  }

  /** A trainable gain, which starts at one. */
  protected gain(name: string, dimension: number): tf.LayerVariable {
    return this.addWeight(name, [dimension], 'float32', tf.initializers.ones());
  }
}

/** The inputs of a layer's call as an array, whichever form tfjs gives them. */
export function inputsOf(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
  return Array.isArray(inputs) ? inputs : [inputs];
}

/** The shapes of a layer's inputs as an array of shapes. */
export function shapesOf(shape: tf.Shape | tf.Shape[]): tf.Shape[] {
  return Array.isArray(shape[0]) ? (shape as tf.Shape[]) : [shape as tf.Shape];
}
