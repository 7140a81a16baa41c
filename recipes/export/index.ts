/** A trained encoder is written to be carried away. Loads TensorFlow.js. */
export { type ExportEncoderOptions, type ExportedEncoder, exportEncoder } from './export-encoder.ts';
