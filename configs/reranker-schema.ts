import { z } from 'zod';
import { crossEncoderModelConfigSchema } from '../model/cross-encoder/index.ts';
import { rerankerTrainingConfigSchema } from '../training/index.ts';

const positive = z.number().int().positive();

/** A run that trains a reranker: a cross-encoder of queries and texts. Unknown keys are refused with their path. */
export const rerankerRunConfigSchema = z
  .strictObject({
    kind: z.literal('reranker').describe('Tells the file from that of an encoder.'),
    name: z
      .string()
      .regex(/^[\w.-]+$/, 'letters, digits, dots, dashes and underscores')
      .describe("Names the run's folder, `runs/<name>`."),
    seed: z.number().int().default(1).describe('Seed of all that is drawn: weights, order of queries, negatives.'),
    data: z.strictObject({
      source: z.string().min(1).describe('A BEIR folder: corpus, queries and judgments; relative to where the command runs.'),
      split: z.string().default('train').describe('Whose queries: `qrels/<split>.tsv`.'),
      candidates: z
        .enum(['judged', 'corpus'])
        .default('judged')
        .describe('Negatives are documents that the split judges, or any of the corpus.'),
      run: z
        .string()
        .optional()
        .describe(
          'A TREC run file whose results are the candidates that negatives are drawn from, such as that of an encoder; by default those of BM25.',
        ),
      dev: z
        .strictObject({
          source: z.string().min(1).optional().describe('A BEIR folder; by default `data.source`.'),
          split: z.string().default('dev').describe('Whose queries: `qrels/<split>.tsv`.'),
          candidates: z
            .enum(['judged', 'corpus'])
            .default('judged')
            .describe('Rank the documents that the split judges, or the whole corpus.'),
          queries: positive.optional().describe("At most so many of the split's queries, evenly from the file; by default all."),
          run: z.string().optional().describe('A TREC run file whose results are reranked; by default those of BM25.'),
          depth: positive.default(50).describe('Results of a query that are reranked.'),
        })
        .optional()
        .describe('Queries and rankings that the model is measured on while it trains, by reranking; absent: it is not.'),
    }),
    start: z
      .strictObject({
        model: z
          .string()
          .min(1)
          .default('all-MiniLM-L6-v2')
          .describe("Whose tokenizer it has: a folder, or a name below the models' folder (`--models`, `CEM_MODELS`)."),
        weights: z.boolean().default(true).describe('Start with the weights of that model, a BERT; false: from nothing.'),
      })
      .prefault({}),
    model: crossEncoderModelConfigSchema.prefault({}),
    training: rerankerTrainingConfigSchema.prefault({}),
  })
  .superRefine(({ model, training }, context) => {
    if (training.maximumTokens <= model.positions) return;
    context.addIssue({
      code: 'custom',
      path: ['training', 'maximumTokens'],
      message: `is ${training.maximumTokens}, and the model has ${model.positions} places (model.positions)`,
    });
  });

/** A reranker's run with every default filled in. */
export type RerankerRunConfig = z.infer<typeof rerankerRunConfigSchema>;
