/** The network of a reranker: BERT over a query and a text together. */
export { type CrossEncoderModelConfig, crossEncoderModelConfigSchema } from './config.ts';
export { buildCrossEncoderGraph } from './cross-encoder-graph.ts';
export { CrossEncoderModel } from './cross-encoder-model.ts';
