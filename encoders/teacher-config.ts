import { z } from 'zod';

/** Latent semantic analysis fitted on the training texts: the embedded default, needs no download. */
export const lsaConfig = z.strictObject({
  kind: z.literal('lsa').describe('Latent semantic analysis, fitted on the training texts; needs no download.'),
  dimension: z.number().int().positive().default(256).describe('Length of the vectors; fewer when the texts have a lower rank.'),
  bigrams: z.boolean().default(false).describe('Count pairs of neighbouring words beside the words.'),
  minimumWordLength: z.number().int().positive().default(2).describe('Characters of the shortest word that is counted.'),
  minimumDocumentFrequency: z
    .number()
    .int()
    .positive()
    .default(2)
    .describe('A term in fewer training texts than this is left out.'),
  maximumDocumentShare: z
    .number()
    .positive()
    .max(1)
    .default(0.5)
    .describe('A term in more than this share of the training texts is left out.'),
  vocabularySize: z.number().int().positive().default(30_000).describe('At most so many terms.'),
  sublinear: z.boolean().default(true).describe('Weigh a count as 1 + ln(count).'),
  oversampling: z.number().int().min(0).default(16).describe('Columns that the randomised SVD takes beside `dimension`.'),
  iterations: z
    .number()
    .int()
    .min(0)
    .default(2)
    .describe(
      "Power iterations of the randomised SVD. More of them come nearer to the exact decomposition, and retrieve no better: nDCG@10 on techdocs dev fell from 0.459 (2) to 0.447 (4), as scikit-learn's does from 0.453 to 0.442 (exact).",
    ),
  seed: z.number().int().default(0).describe('Seed of the randomised SVD.'),
});

export type LsaConfig = z.infer<typeof lsaConfig>;

/** Settings that belong to one model; a preset (see `transformers-presets.ts`) fills what is not given here. */
const modelSettings = {
  pooling: z
    .enum(['mean', 'cls', 'last'])
    .optional()
    .describe('How the token vectors become one vector: their mean, the first one, or the last one that is not padding.'),
  padding: z
    .enum(['left', 'right'])
    .optional()
    .describe('Where padding goes in a batch. Pooling respects the mask on either side.'),
  queryPrompt: z.string().optional().describe('Put before every query, without a space of its own.'),
  documentPrompt: z.string().optional().describe('Put before every document.'),
  maximumTokens: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Tokens of a text with its prompt and special tokens; what is longer is cut.'),
};

/** A feature-extraction model that transformers.js runs: by folder, by name below the models' folder, or by hub id. */
export const transformersConfig = z.strictObject({
  kind: z.literal('transformers').describe('A feature-extraction model that transformers.js runs.'),
  model: z.string().min(1).describe("A folder, a name below the models' folder (`--models`, `CEM_MODELS`), or an id of the hub."),
  revision: z.string().min(1).default('main').describe('Hub revision (branch, tag or commit); local folders ignore it.'),
  remote: z
    .boolean()
    .default(true)
    .describe("Whether a model that is not at hand may be downloaded (never with the environment's CEM_OFFLINE=1)."),
  ...modelSettings,
  dimension: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('Keep this many leading dimensions and normalise again (for models trained with Matryoshka losses).'),
  dtype: z
    .enum(['fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16', 'bnb4'])
    .default('fp32')
    .describe("Which of the model's ONNX files is run, by the precision of its weights."),
  cache: z
    .enum(['fp16', 'fp32'])
    .optional()
    .describe(
      'What its vectors are cached as: `fp16` halves the files and rounds each number by up to 0.05%; by default `fp32`.',
    ),
  batchSize: z
    .number()
    .int()
    .positive()
    .default(32)
    .describe('Texts in one batch, at most; always one with q8, int8 and uint8, whose vectors would depend on the batch.'),
});

export type TransformersConfig = z.infer<typeof transformersConfig>;

/** Who makes the target vectors in training and the query vectors in search. */
export const teacherConfig = z.discriminatedUnion('kind', [lsaConfig, transformersConfig]);

export type TeacherConfig = z.infer<typeof teacherConfig>;
