import { z } from 'zod';
import { entropyModelConfigSchema } from '../model/entropy/index.ts';
import { entropyTrainingConfigSchema, wantedPatchesSchema } from '../training/index.ts';

/** A run that trains the byte language model of entropy patching. Unknown keys are refused with their path. */
export const entropyRunConfigSchema = z.strictObject({
  kind: z.literal('entropy-model').describe('Tells the file from that of an encoder.'),
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores')
    .describe("Names the run's folder, `runs/<name>`."),
  seed: z.number().int().default(1).describe('Seed of all that is drawn: weights, pieces of text.'),
  data: z.strictObject({
    source: z
      .string()
      .min(1)
      .describe('A folder of texts, a JSONL file of {_id, title?, text}, or a BEIR folder; relative to where the command runs.'),
    split: z.string().optional().describe('For a BEIR folder: only the documents that this split judges.'),
  }),
  model: entropyModelConfigSchema.prefault({}),
  training: entropyTrainingConfigSchema.prefault({}),
  patches: wantedPatchesSchema.optional().describe('Choose a threshold for patches like these when the model is trained.'),
});

/** An entropy model's run with every default filled in. */
export type EntropyRunConfig = z.infer<typeof entropyRunConfigSchema>;
