import { z } from 'zod';
import { entropyModelConfigSchema } from '../model/entropy/index.ts';
import { entropyTrainingConfigSchema, wantedPatchesSchema } from '../training/index.ts';

/** A run that trains the byte language model of entropy patching. Unknown keys are refused with their path. */
export const entropyRunConfigSchema = z.strictObject({
  kind: z.literal('entropy-model'),
  /** Names the run's folder, `runs/<name>`. */
  name: z.string().regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores'),
  seed: z.number().int().default(1),
  data: z.strictObject({
    /** A folder of texts, a JSONL file of {_id, title?, text}, or a BEIR folder; relative to where the command runs. */
    source: z.string().min(1),
    /** For a BEIR folder: only the documents that this split judges. */
    split: z.string().optional(),
  }),
  model: entropyModelConfigSchema.prefault({}),
  training: entropyTrainingConfigSchema.prefault({}),
  /** Choose a threshold for patches like these when the model is trained. */
  patches: wantedPatchesSchema.optional(),
});

/** An entropy model's run with every default filled in. */
export type EntropyRunConfig = z.infer<typeof entropyRunConfigSchema>;
