import { z } from 'zod';
import { queryHeadModelConfigSchema } from '../model/query-head/index.ts';
import { queryHeadTrainingConfigSchema } from '../training/index.ts';

const positive = z.number().int().positive();

const candidates = z
  .enum(['judged', 'corpus'])
  .default('judged')
  .describe('Passages are those that the split judges, or all of the corpus.');

/** A run that trains a head over the token vectors of a frozen encoder. Unknown keys are refused with their path. */
export const queryHeadRunConfigSchema = z
  .strictObject({
    kind: z.literal('query-head').describe('Tells the file from that of an encoder.'),
    name: z
      .string()
      .regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores')
      .describe("Names the run's folder, `runs/<name>`."),
    seed: z.number().int().default(1).describe('Seed of all that is drawn: pairs, their order, negatives.'),
    encoder: z
      .strictObject({
        model: z
          .string()
          .min(1)
          .default('all-MiniLM-L6-v2')
          .describe(
            "The frozen encoder, by transformers.js: a folder, or a name below the models' folder (`--models`, `CEM_MODELS`).",
          ),
        maximumTokens: positive
          .optional()
          .describe('Tokens of a text, the rest is cut; as many as the model takes unless given.'),
        dtype: z.enum(['fp32', 'fp16', 'q8']).default('fp32').describe('Which of its ONNX files is run.'),
      })
      .prefault({}),
    patches: z
      .strictObject({
        checkpoint: z
          .string()
          .min(1)
          .optional()
          .describe(
            "A CEM checkpoint's folder or a run's; by default `CEM_CHECKPOINT`, else the one that comes with the package.",
          ),
      })
      .optional()
      .describe(
        'Passages are read from compressed chunks by CEM, whose patches stand for them (`training.tokens.key` of them at most); the encoder reads queries alone. Needs `model.shared: false`. Absent: passages are tokens of the encoder, too.',
      ),
    cache: z
      .strictObject({
        precision: z
          .enum(['float16', 'int8'])
          .default('int8')
          .describe(
            'What token vectors are kept as below `CEM_CACHE`, so that no text is encoded twice; int8 has a scale a token.',
          ),
        gigabytes: z
          .number()
          .nonnegative()
          .default(8)
          .describe(
            'Room for them; what does not fit is encoded anew in the next run. A text of 256 tokens of 384 numbers is 0.1 MB as int8.',
          ),
      })
      .prefault({}),
    data: z.strictObject({
      source: z
        .string()
        .min(1)
        .describe(
          'A BEIR folder, a corpus that `cem pack` reads, or (pairs: jsonl) a file of pairs; relative to where the command runs.',
        ),
      pairs: z
        .enum(['qrels', 'sentences', 'titles', 'neighbours', 'jsonl'])
        .default('qrels')
        .describe(
          'What a pair is: a query and its relevant document; a sentence that is taken out of a document, and the rest; title and text; a document, and the one after it; or a line `{"query": …, "text": …}` of a file.',
        ),
      split: z.string().default('train').describe('Whose queries, where pairs are those of judgments: `qrels/<split>.tsv`.'),
      candidates,
      limit: positive.optional().describe('At most so many pairs, the first of the source; by default all.'),
      negatives: z
        .enum(['none', 'words', 'encoder', 'both'])
        .default('words')
        .describe(
          "Where hard negatives come from: BM25's results, those of the encoder's own vectors of whole texts, or both in turn.",
        ),
      teacher: z
        .string()
        .optional()
        .describe(
          'A reranker whose scores are distilled (`training.distillation`), as `--reranker` reads it: cross-encoder:MODEL, checkpoint:FOLDER.',
        ),
      dev: z
        .strictObject({
          source: z.string().min(1).optional().describe('A BEIR folder; by default `data.source`.'),
          split: z.string().default('dev').describe('Whose queries: `qrels/<split>.tsv`.'),
          candidates,
          queries: positive.default(200).describe("At most so many of the split's queries, evenly from the file."),
          maximumTokens: positive.optional().describe('Tokens of a text there; by default `encoder.maximumTokens`.'),
        })
        .optional()
        .describe('Queries that the head is measured on while it trains, by ranking all candidates; absent: it is not.'),
    }),
    model: queryHeadModelConfigSchema.prefault({}),
    training: queryHeadTrainingConfigSchema.prefault({}),
  })
  .superRefine(({ patches, model }, context) => {
    if (patches === undefined || !model.shared) return;
    context.addIssue({
      code: 'custom',
      path: ['model', 'shared'],
      message: 'is true, and patches are no tokens: set it to false',
    });
  })
  .superRefine(({ data, training }, context) => {
    if (training.distillation === 0 || (data.teacher !== undefined && training.negatives.perPair > 0)) return;
    context.addIssue({
      code: 'custom',
      path: ['training', 'distillation'],
      message: `is ${training.distillation}, which needs data.teacher and training.negatives.perPair above 0`,
    });
  });

/** A head's run with every default filled in. */
export type QueryHeadRunConfig = z.infer<typeof queryHeadRunConfigSchema>;
