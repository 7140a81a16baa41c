import type { tf } from '../../tf.ts';

/** An attribute of a TensorFlow operation as tfjs-node's binding takes it. */
interface OpAttribute {
  readonly name: string;
  /** One of the binding's `TF_ATTR_…`. */
  readonly type: number;
  readonly value: number | boolean;
}

/** The parts of tfjs-node's backend that our kernels use; its own declarations leave them out. */
export interface TensorFlowBackend {
  readonly binding: {
    readonly TF_ATTR_INT: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_TYPE: number;
    /** The value of an attribute of type `TF_ATTR_TYPE`. */
    readonly TF_FLOAT: number;
  };
  executeSingleOutput(name: string, attributes: readonly OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.TensorInfo;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
  /** One more tensor has these data. */
  incRef(dataId: tf.DataId): void;
}
