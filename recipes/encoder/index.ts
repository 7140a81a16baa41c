/** A trained encoder is opened to encode with, or as a model that embeds texts. Loads TensorFlow.js. */
export {
  type EmbeddedTexts,
  type EmbeddingModel,
  type EmbeddingModelDescription,
  type EmbeddingSide,
  type EmbedOptions,
  openEmbeddingModel,
} from './open-embedding-model.ts';
export { type OpenEncoderOptions, type OpenedEncoder, openEncoder } from './open-encoder.ts';
