/** A trained encoder is opened to encode with. Loads TensorFlow.js. */
export { type OpenEncoderOptions, type OpenedEncoder, openEncoder } from './open-encoder.ts';
