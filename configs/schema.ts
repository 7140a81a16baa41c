import { z } from 'zod';
import { teacherConfig } from '../encoders/index.ts';
import { modelConfigSchema, queryModelConfigSchema } from '../model/index.ts';
import { MOST_VARIANTS, packVariantSchema, trainingConfigSchema } from '../training/index.ts';

const valuesSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores')
    .describe("Names the run's folder, `runs/<name>`."),
  seed: z.number().int().default(1).describe('Seed of all that is drawn: weights, order of texts, samples.'),
  data: z.strictObject({
    source: z
      .string()
      .min(1)
      .describe('A folder of texts, a JSONL file of {_id, title?, text}, or a BEIR folder; relative to where the command runs.'),
    split: z.string().optional().describe('For a BEIR folder: only the documents that this split judges.'),
    except: z
      .string()
      .optional()
      .describe('For a BEIR folder: none of the documents that this split judges, so that it can measure the model.'),
    further: z
      .array(
        z.strictObject({
          source: z.string().min(1).describe('As `data.source`.'),
          split: z.string().optional().describe('As `data.split`.'),
          except: z.string().optional().describe('As `data.except`.'),
          weight: z
            .number()
            .positive()
            .default(1)
            .describe(
              'How often its texts come in comparison with those of `data.source`: an epoch takes a like share of them, of the corpora with the largest weight all. Words are of all corpora alike.',
            ),
        }),
      )
      .min(1)
      .optional()
      .describe(
        "Further corpora, packed into the same container; their documents' ids begin with the folder's name and a slash.",
      ),
    dev: z
      .strictObject({
        source: z.string().min(1).optional().describe('A BEIR folder; by default `data.source`.'),
        split: z.string().default('dev').describe('Whose queries: `qrels/<split>.tsv`.'),
        candidates: z
          .enum(['judged', 'corpus'])
          .default('judged')
          .describe('Rank the documents that the split judges, or the whole corpus.'),
        queries: z
          .number()
          .int()
          .positive()
          .optional()
          .describe("At most so many of the split's queries, evenly from the file; by default all."),
      })
      .optional()
      .describe('Documents and queries that the model is measured on while it trains; absent: it is not.'),
  }),
  pack: z
    .strictObject({
      level: z.number().int().min(-7).max(22).default(19).describe('zstd level.'),
      targetChunkSize: z
        .number()
        .int()
        .positive()
        .default(4096)
        .describe('Largest compressed size of a chunk in bytes; a larger document is split into parts.'),
      dictionarySize: z
        .number()
        .int()
        .nonnegative()
        .default(65_536)
        .describe('Size of the trained dictionary in bytes, at most a 24th of the text; 0: no dictionary.'),
      passageSize: z
        .number()
        .int()
        .min(64)
        .optional()
        .describe('Bytes of text that a passage inside a chunk has, about; absent: each chunk is its own one passage.'),
      passageOverlap: z
        .number()
        .int()
        .nonnegative()
        .optional()
        .describe('Bytes that a passage shares with the one before it, at most; below half of `pack.passageSize`.'),
      variants: z
        .array(packVariantSchema)
        .min(1)
        .max(MOST_VARIANTS)
        .optional()
        .describe(
          'The same passages and short texts packed otherwise as well, so that the encoder reads containers of other levels and dictionaries, and passages inside long chunks; each text of a batch is drawn from one packing.',
        ),
    })
    .prefault({}),
  teacher: teacherConfig,
  model: modelConfigSchema
    .safeExtend({
      query: queryModelConfigSchema
        .optional()
        .describe(
          "A text encoder that is trained to the teacher's query vectors, so that searching needs no teacher; absent: none.",
        ),
    })
    .prefault({}),
  training: trainingConfigSchema.prefault({}),
});

/** A whole run: every component's own schema, composed. Unknown keys are refused with their path. */
export const runConfigSchema = valuesSchema.superRefine(({ data, pack, model, training }, context) => {
  if (training.query !== undefined && model.query === undefined) {
    context.addIssue({ code: 'custom', path: ['training', 'query'], message: 'needs model.query, which says what is trained' });
  }
  const { passageSize = 0, passageOverlap = 0 } = pack;
  if (passageOverlap > 0 && 2 * passageOverlap >= passageSize)
    context.addIssue({ code: 'custom', path: ['pack', 'passageOverlap'], message: 'is not below half of pack.passageSize' });
  if (model.input === 'bytes') {
    const message = 'makes passages inside chunks, and a model whose input is bytes reads whole chunks: leave it out';
    if (passageSize > 0) context.addIssue({ code: 'custom', path: ['pack', 'passageSize'], message });
    pack.variants?.forEach(({ window }, index) => {
      if (window !== undefined) context.addIssue({ code: 'custom', path: ['pack', 'variants', index, 'window'], message });
    });
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
