import { z } from 'zod';

/** Latent semantic analysis fitted on the training texts: the embedded default, needs no download. */
export const lsaConfig = z.strictObject({
  kind: z.literal('lsa'),
  /** Length of the vectors; fewer when the texts have a lower rank. */
  dimension: z.number().int().positive().default(256),
  /** Count pairs of neighbouring words beside the words. */
  bigrams: z.boolean().default(false),
  minimumWordLength: z.number().int().positive().default(2),
  /** A term in fewer training texts than this is left out. */
  minimumDocumentFrequency: z.number().int().positive().default(2),
  /** A term in more than this share of the training texts is left out. */
  maximumDocumentShare: z.number().positive().max(1).default(0.5),
  vocabularySize: z.number().int().positive().default(30_000),
  /** Weigh a count as 1 + ln(count). */
  sublinear: z.boolean().default(true),
  oversampling: z.number().int().min(0).default(16),
  /**
   * Power iterations of the randomised SVD. More of them come nearer to the exact decomposition, and retrieve no better: nDCG@10 on techdocs dev fell from
   * 0.459 (2) to 0.447 (4), as scikit-learn's does from 0.453 to 0.442 (exact).
   */
  iterations: z.number().int().min(0).default(2),
  seed: z.number().int().default(0),
});

export type LsaConfig = z.infer<typeof lsaConfig>;

/** Settings that belong to one model; a preset (see `transformers-presets.ts`) fills what is not given here. */
const modelSettings = {
  /** How the token vectors become one vector: their mean, the first one, or the last one that is not padding. */
  pooling: z.enum(['mean', 'cls', 'last']).optional(),
  /** Where padding goes in a batch. Pooling respects the mask on either side. */
  padding: z.enum(['left', 'right']).optional(),
  /** Put before every query, without a space of its own. */
  queryPrompt: z.string().optional(),
  /** Put before every document. */
  documentPrompt: z.string().optional(),
  /** Tokens of a text with its prompt and special tokens; what is longer is cut. */
  maximumTokens: z.number().int().positive().optional(),
};

/** A feature-extraction model that transformers.js runs: by folder, by name below the models' folder, or by hub id. */
export const transformersConfig = z.strictObject({
  kind: z.literal('transformers'),
  model: z.string().min(1),
  /** Hub revision (branch, tag or commit); local folders ignore it. */
  revision: z.string().min(1).default('main'),
  /** Whether a model that is not at hand may be downloaded (never with the environment's CEM_OFFLINE=1). */
  remote: z.boolean().default(true),
  ...modelSettings,
  /** Keep this many leading dimensions and normalise again (for models trained with Matryoshka losses). */
  dimension: z.number().int().positive().optional(),
  dtype: z.enum(['fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16', 'bnb4']).default('fp32'),
  /** What its vectors are cached as: `fp16` halves the files and rounds each number by up to 0.05%; by default `fp32`. */
  cache: z.enum(['fp16', 'fp32']).optional(),
  /** Texts in one batch, at most. */
  batchSize: z.number().int().positive().default(32),
});

export type TransformersConfig = z.infer<typeof transformersConfig>;

/** Who makes the target vectors in training and the query vectors in search. */
export const teacherConfig = z.discriminatedUnion('kind', [lsaConfig, transformersConfig]);

export type TeacherConfig = z.infer<typeof teacherConfig>;
