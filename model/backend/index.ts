/** What tfjs computes on: TensorFlow, WebGPU, WebAssembly or plain JavaScript, and which of them works here. */
export { tf } from '../tf.ts';
export { BACKEND_NAMES, type BackendChoice, BackendError } from './contract/backend.ts';
export {
  type CompiledFunction,
  compileFunction,
  type ProductPrecision,
  setProductPrecision,
} from './contract/compile-function.ts';
export { keepsFreedMemory } from './freed-memory.ts';
export { describeBackend, parseBackendRequest, selectBackend } from './select-backend.ts';
