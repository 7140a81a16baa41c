import { z } from 'zod';
import { transformersConfig } from '../teacher-config.ts';
import { MAXIMUM_PIXELS } from './decode-picture.ts';

const maximumPixels = z
  .number()
  .int()
  .positive()
  .default(MAXIMUM_PIXELS)
  .describe('A picture that declares more pixels is refused before it is decoded.');
const imageWeight = z
  .number()
  .min(0)
  .max(1)
  .default(0.5)
  .describe("The picture's share in the vector of a picture and its text; the rest is the text's.");

/** A model of two towers that transformers.js runs: CLIP, SigLIP, Chinese-CLIP, jina-clip; by folder, by name below the models' folder, or by hub id. */
const transformersImageConfig = z.strictObject({
  kind: z.literal('transformers').describe('A model of pictures and texts that transformers.js runs.'),
  ...transformersConfig.pick({ model: true, revision: true, remote: true, dtype: true, maximumTokens: true }).shape,
  batchSize: z.number().int().positive().default(16).describe('Pictures or texts in one batch, at most.'),
  imageWeight,
  maximumPixels,
});

/** An endpoint that embeds pictures and texts. */
const endpointImageConfig = z.strictObject({
  kind: z.literal('endpoint').describe('An HTTP endpoint that embeds pictures and texts.'),
  shape: z.enum(['dashscope', 'jina']).describe("Whose requests and answers it has: DashScope's or Jina's."),
  model: z.string().min(1).describe('What the endpoint calls its model.'),
  url: z.string().optional().describe("The whole address; by default that of the shape's owner."),
  dimension: z.number().int().positive().describe('Length of its vectors; it is asked for, and what comes is checked.'),
  fusion: z
    .enum(['sum', 'model'])
    .default('sum')
    .describe("A picture's and its text's vectors added up, or the model's own vector of both (`enable_fusion` of DashScope)."),
  batchSize: z.number().int().positive().default(8).describe('Pictures or texts of one request, at most.'),
  imageWeight,
  maximumPixels,
});

/** What turns pictures into vectors. */
export const imageEncoderConfig = z.discriminatedUnion('kind', [transformersImageConfig, endpointImageConfig]);

export type TransformersImageConfig = z.infer<typeof transformersImageConfig>;
export type EndpointImageConfig = z.infer<typeof endpointImageConfig>;
export type ImageEncoderConfig = z.infer<typeof imageEncoderConfig>;
export type ImageEncoderInput = z.input<typeof imageEncoderConfig>;
