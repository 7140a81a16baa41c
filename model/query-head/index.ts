/** The network of a trained head: what projects the token vectors of a frozen encoder. */
export { type QueryHeadModelConfig, queryHeadModelConfigSchema } from './config.ts';
export { type HeadOutput, headProjection, QueryHeadModel } from './query-head-model.ts';
