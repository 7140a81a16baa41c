export { tf } from '../tf.ts';
export { BACKEND_NAMES, type BackendChoice, BackendError } from './backend.ts';
export { describeBackend, parseBackendRequest, selectBackend } from './select-backend.ts';
