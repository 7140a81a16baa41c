import { tf } from '../tf.ts';

/** A switch of TensorFlow's in the environment. */
function isSet(name: string, byDefault: boolean): boolean {
  const value = process.env[name]?.toLowerCase();
  return value === undefined ? byDefault : value === '1' || value === 'true';
}

/**
 * Whether the current backend keeps the memory of tensors that are gone: TensorFlow's CPU device does where it has oneDNN (which it uses on processors with instructions for neural
 * networks), and gives it to later tensors. The system's allocator, which `TF_ONEDNN_USE_SYSTEM_ALLOCATOR=1` puts in its place, gives large ones back, and a step takes up to twice as long for it.
 */
export function keepsFreedMemory(): boolean {
  if (tf.getBackend() !== 'tensorflow') return false;
  const { isUsingGpuDevice } = tf.backend() as unknown as { isUsingGpuDevice: boolean };
  return !isUsingGpuDevice && isSet('TF_ENABLE_ONEDNN_OPTS', true) && !isSet('TF_ONEDNN_USE_SYSTEM_ALLOCATOR', false);
}
