import { z } from 'zod';
import { teacherConfig } from '../encoders/index.ts';
import { modelConfigSchema, queryModelConfigSchema } from '../model/index.ts';
import { MOST_VARIANTS, packVariantSchema, trainingConfigSchema } from '../training/index.ts';

const valuesSchema = z.strictObject({
  /** Names the run's folder, `runs/<name>`. */
  name: z.string().regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores'),
  seed: z.number().int().default(1),
  data: z.strictObject({
    /** A folder of texts, a JSONL file of {_id, title?, text}, or a BEIR folder; relative to where the command runs. */
    source: z.string().min(1),
    /** For a BEIR folder: only the documents that this split judges. */
    split: z.string().optional(),
    /** For a BEIR folder: none of the documents that this split judges, so that it can measure the model. */
    except: z.string().optional(),
    /** Further corpora, packed into the same container; their documents' ids begin with the folder's name and a slash. */
    further: z
      .array(
        z.strictObject({
          source: z.string().min(1),
          split: z.string().optional(),
          except: z.string().optional(),
          /** How often its texts come in comparison with those of `data.source`: an epoch takes a like share of them, of the corpora with the largest weight all. Words are of all corpora alike. */
          weight: z.number().positive().default(1),
        }),
      )
      .min(1)
      .optional(),
    /** Documents and queries that the model is measured on while it trains; absent: it is not. */
    dev: z
      .strictObject({
        /** A BEIR folder; by default `data.source`. */
        source: z.string().min(1).optional(),
        /** Whose queries: `qrels/<split>.tsv`. */
        split: z.string().default('dev'),
        /** Rank the documents that the split judges, or the whole corpus. */
        candidates: z.enum(['judged', 'corpus']).default('judged'),
        /** At most so many of the split's queries, evenly from the file; by default all. */
        queries: z.number().int().positive().optional(),
      })
      .optional(),
  }),
  pack: z
    .strictObject({
      level: z.number().int().min(-7).max(22).default(19),
      targetChunkSize: z.number().int().positive().default(4096),
      dictionarySize: z.number().int().nonnegative().default(65_536),
      /** The same chunks and short texts packed otherwise as well, so that the encoder reads containers of other levels and dictionaries; each text of a batch is drawn from one packing. */
      variants: z.array(packVariantSchema).min(1).max(MOST_VARIANTS).optional(),
    })
    .prefault({}),
  teacher: teacherConfig,
  model: modelConfigSchema
    .safeExtend({
      /** A text encoder that is trained to the teacher's query vectors, so that searching needs no teacher; absent: none. */
      query: queryModelConfigSchema.optional(),
    })
    .prefault({}),
  training: trainingConfigSchema.prefault({}),
});

/** A whole run: every component's own schema, composed. Unknown keys are refused with their path. */
export const runConfigSchema = valuesSchema.superRefine(({ data, model, training }, context) => {
  if (training.query !== undefined && model.query === undefined) {
    context.addIssue({ code: 'custom', path: ['training', 'query'], message: 'needs model.query, which says what is trained' });
  }
  if (data.dev !== undefined) return;
  for (const key of ['evaluateEvery', 'earlyStopping'] as const) {
    if (training[key] !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['training', key],
        message: 'needs data.dev, which says what the model is measured on',
      });
  }
});

/** A run's configuration with every default filled in. */
export type RunConfig = z.infer<typeof runConfigSchema>;

/** A run as somebody writes it down: what is left out has its default. */
export type RunConfigInput = z.input<typeof runConfigSchema>;
