import { z } from 'zod';
import { modelConfigSchema } from '../model/config.ts';
import { teacherConfig } from '../model/encoders/teacher-config.ts';
import { trainingConfigSchema } from '../training/config.ts';

/** A whole run: every component's own schema, composed. Unknown keys are refused with their path. */
export const runConfigSchema = z.strictObject({
  /** Names the run's folder, `runs/<name>`. */
  name: z.string().regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores'),
  seed: z.number().int().default(1),
  data: z.strictObject({
    /** A folder of texts, a JSONL file of {_id, title?, text}, or a BEIR folder; relative to where the command runs. */
    source: z.string().min(1),
    /** For a BEIR folder: only the documents that this split judges. */
    split: z.string().optional(),
  }),
  pack: z
    .strictObject({
      level: z.number().int().min(-7).max(22).default(19),
      targetChunkSize: z.number().int().positive().default(4096),
      dictionarySize: z.number().int().nonnegative().default(65_536),
    })
    .prefault({}),
  teacher: teacherConfig,
  model: modelConfigSchema.prefault({}),
  training: trainingConfigSchema.prefault({}),
});

/** A run's configuration with every default filled in. */
export type RunConfig = z.infer<typeof runConfigSchema>;
