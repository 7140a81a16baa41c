/**
 * The one way to tfjs: `import { tf } from '…/model/backend/tf.ts'` (values and types: `tf.matMul`, `tf.Tensor`).
 *
 * Why it is one module: kernels, backends and the tape live in tfjs-core's engine. Every tfjs package resolves to its CommonJS build in
 * Node (none has an `exports` map), so this import, tfjs-node, tfjs-backend-wasm and tfjs-backend-webgpu share one engine, which
 * tests/model/backend/backend.test.ts asserts. A deep import of a `dist/*.js` ES module would make a second engine, unseen by the first.
 *
 * Nothing computes until `selectBackend` (index.ts) has chosen where; without it tfjs would fall back to its plain JavaScript backend.
 */
import * as tf from '@tensorflow/tfjs';

// tfjs's own advice ("install tfjs-node …") would land in a command's output: which backend ran is ours to say.
tf.enableProdMode();

export { tf };
