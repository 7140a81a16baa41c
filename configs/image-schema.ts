import { z } from 'zod';
import { transformersConfig } from '../encoders/index.ts';
import { imageTowerShapeSchema } from '../model/image-tower/index.ts';
import { imageTrainingConfigSchema } from '../training/index.ts';

const positive = z.number().int().positive();

/** A run that trains an image tower. Unknown keys are refused with their path. */
export const imageRunConfigSchema = z.strictObject({
  kind: z.literal('image-tower').describe('Tells the file from that of an encoder.'),
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores')
    .describe("Names the run's folder, `runs/<name>`."),
  seed: z
    .number()
    .int()
    .default(1)
    .describe('Seed of all that is drawn: weights, which pictures are held out, order, parts of pictures.'),
  data: z.strictObject({
    source: z
      .string()
      .min(1)
      .describe('A folder with `pictures.jsonl`, as `cem fetch-pictures` makes it; relative to where the command runs.'),
    language: z.string().min(1).default('en').describe('Which of the captions is meant; pictures without it are left out.'),
    pictures: positive
      .optional()
      .describe('Pictures that are trained on, drawn by the seed; by default all that are not held out.'),
    heldOut: z.number().int().nonnegative().default(200).describe('Pictures that the model is measured on, drawn by the seed.'),
  }),
  teacher: transformersConfig.describe('Whose vectors of captions the pictures are drawn to.'),
  model: imageTowerShapeSchema.prefault({}),
  training: imageTrainingConfigSchema.prefault({}),
});

/** An image tower's run with every default filled in. */
export type ImageRunConfig = z.infer<typeof imageRunConfigSchema>;
