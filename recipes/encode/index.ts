/** An encoder's vectors are written to files. Loads TensorFlow.js. */
export { type EncodedFile, type EncodeOptions, type EncodeResult, encode } from './encode.ts';
