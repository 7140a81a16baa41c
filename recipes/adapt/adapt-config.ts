import type { LoadedStudent } from '../../checkpoints/index.ts';
import { parseConfig, type RunConfig } from '../../configs/index.ts';
import { trainingConfigSchema } from '../../training/index.ts';

/** Steps of the warm-up, at most, and its share of a short run. */
const WARMUP_STEPS = 50;
const WARMUP_SHARE = 0.1;
const FINAL_SHARE = 0.02;
/** Checkpoints of a run: what a kill loses is a part of so many. */
const CHECKPOINTS = 4;

/**
 * What of the checkpoint's own rates its further training begins with: its schedule had ended, and at the full ones the first steps undo much of what it had learnt. Measured on cem-small-en, 600 steps
 * on SciFact (training/RESULTS.md, "Trained further").
 */
const RATE_SHARE = 0.75;

/** Sizes of batches where the checkpoint does not say its own: those that cem-small-en was trained with. */
const TEXTS = {
  passages: { batchSize: 32, weight: 1 },
  sentences: { batchSize: 128, weight: 1, maximum: 250_000 },
  words: { batchSize: 32, weight: 0.25, maximum: 20_000 },
};

/** What decides the configuration of an adaptation, besides the checkpoint. */
export interface AdaptConfigInput {
  readonly name: string;
  readonly seed: number;
  /** Path of the corpus, as the card names it. */
  readonly source: string;
  readonly steps: number;
  /** At most so many sentences are labelled. */
  readonly sentences: number;
}

/**
 * The configuration of a run that trains a checkpoint further: its model, packing, teacher, texts and losses, with lower learning rates and a schedule of its own.
 *
 * @throws UsageError `CONFIG_INVALID` for a checkpoint whose settings this version does not know
 */
export function adaptConfig({ state, folder }: Pick<LoadedStudent, 'state' | 'folder'>, input: AdaptConfigInput): RunConfig {
  const known = trainingConfigSchema.safeParse((state.config as { training?: unknown } | undefined)?.training ?? {});
  const own = known.success ? known.data : undefined;
  const { optimizer } = own ?? trainingConfigSchema.parse({ optimizer: { learningRate: 0.002, tablesLearningRate: 0.01 } });
  const sentences = own?.sentences ?? TEXTS.sentences;
  return parseConfig(
    {
      name: input.name,
      seed: input.seed,
      data: { source: input.source },
      pack: state.pack,
      teacher: state.teacher.config,
      model: state.model,
      training: {
        ...(own && { loss: own.loss, lengthBucketBatches: own.lengthBucketBatches }),
        ...(own?.gradientCaching && { gradientCaching: own.gradientCaching }),
        ...(own?.recompute !== undefined && { recompute: own.recompute }),
        warmStart: folder,
        steps: input.steps,
        passages: own?.passages ?? TEXTS.passages,
        sentences: { ...sentences, maximum: Math.max(1, Math.min(sentences.maximum, input.sentences)) },
        words: own === undefined ? TEXTS.words : own.words,
        ...(own?.titles && { titles: own.titles }),
        ...(own?.spans && { spans: own.spans }),
        optimizer: {
          ...optimizer,
          learningRate: RATE_SHARE * optimizer.learningRate,
          ...(optimizer.tablesLearningRate !== undefined && { tablesLearningRate: RATE_SHARE * optimizer.tablesLearningRate }),
        },
        schedule: { warmupSteps: Math.min(WARMUP_STEPS, Math.ceil(WARMUP_SHARE * input.steps)), finalShare: FINAL_SHARE },
        checkpointEvery: Math.max(1, Math.ceil(input.steps / CHECKPOINTS)),
      },
    },
    `the settings of ${folder}`,
  );
}
