import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inStage, type Listener, UsageError } from '../../base/index.ts';
import { listCheckpoints, loadImageTowerModel } from '../../checkpoints/index.ts';
import type { ImageRunConfig } from '../../configs/index.ts';
import { cachedTeacher, cachePrecision, createTeacher, TeacherCache, teacherCacheFolder } from '../../encoders/index.ts';
import type { ImageTowerModel } from '../../model/image-tower/index.ts';
import { type DevMetrics, type ImageTrainResult, trainImageTower } from '../../training/index.ts';
import { useBackend } from '../shared/backend.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { inTraining } from './in-training.ts';
import { measurePictures, type PictureMeasures } from './measure-pictures.ts';
import { type LoadedPictures, loadPictures, splitPictures } from './picture-data.ts';
import type { TrainRunChoices } from './train.ts';

/** Pictures of one batch in evaluations. */
const EVALUATION_BATCH = 64;

export interface ImageRunResult extends ImageTrainResult {
  readonly backend: string;
  /** What the best checkpoint does on the pictures that were held out; null where none were. */
  readonly heldOutPictures: PictureMeasures | null;
}

/**
 * Trains an image tower with a resolved configuration. Stops as `trainRun` does.
 *
 * @throws UsageError `RUN_EXISTS`; and what `splitPictures`, `createTeacher` and `trainImageTower` throw
 */
export async function trainImageRun(config: ImageRunConfig, choices: TrainRunChoices): Promise<ImageRunResult> {
  const run = choices.run ?? join('runs', config.name);
  const resume = choices.resume ?? false;
  // Decoding takes a minute: what can be refused before is refused before.
  if (!resume && (await listCheckpoints(run)).length > 0) {
    throw new UsageError(
      'RUN_EXISTS',
      `the run folder ${run} exists: add --resume to go on with it, or name another one with --run`,
      { details: { path: run } },
    );
  }
  return inTraining(choices, async (listener) => {
    const { data, model: shape, training, seed } = config;
    const split = await splitPictures(config);
    const load = (name: string, rows: typeof split.training) =>
      inStage(listener, name, (stage) => loadPictures(rows, data, shape.size, (done, total) => stage.progress(done, total)));
    const pictures = await load('read pictures', split.training);
    const heldOut = await load('read held out', split.heldOut);
    const labels = await label(config, pictures, heldOut, choices.models, listener);
    const backend = await useBackend(choices, listener);
    const result = await trainImageTower(
      { seed, model: shape, training },
      {
        run,
        resume,
        resolved: config,
        environment: { backend: backend.name, backendDetail: backend.detail },
        examples: { count: pictures.count, pictures: pictures.pictures, targets: labels.targets, dimension: labels.dimension },
        teacher: { config: config.teacher, id: labels.id, revision: labels.revision },
        ...(heldOut.count > 0 && {
          evaluate: async (model) => devMetrics(await measure(model, heldOut, labels), heldOut, labels),
        }),
        listener,
        ...(choices.signal && { signal: choices.signal }),
      },
    );
    return { ...result, backend: backend.name, heldOutPictures: await measureBest(result, heldOut, labels) };
  });
}

interface Labels {
  readonly id: string;
  readonly revision: string;
  readonly dimension: number;
  /** [trained pictures, dimension] of their captions as documents */
  readonly targets: Float32Array;
  /** [held-out pictures, dimension] of their captions as queries, and as documents */
  readonly queries: Float32Array;
  readonly captions: Float32Array;
}

async function label(
  { teacher: choice }: ImageRunConfig,
  trained: LoadedPictures,
  heldOut: LoadedPictures,
  models: string | undefined,
  listener: Listener,
): Promise<Labels> {
  const folder = modelsFolder(models);
  const embedder = await createTeacher(choice, folder === undefined ? {} : { models: folder });
  try {
    await mkdir(teacherCacheFolder(), { recursive: true });
    const cache = await TeacherCache.open(teacherCacheFolder(), embedder.description, { precision: cachePrecision(choice) });
    try {
      const teacher = cachedTeacher(embedder, cache);
      const { id, revision, dimension } = embedder.description;
      return await inStage(listener, 'teacher', async (stage) => {
        const { data: targets } = await teacher.embedDocuments(trained.captions, (done, total) => stage.progress(done, total));
        const { data: captions } = await teacher.embedDocuments(heldOut.captions);
        const { data: queries } = await teacher.embedQueries(heldOut.captions);
        return { id, revision, dimension, targets, captions, queries };
      });
    } finally {
      await cache.close();
    }
  } finally {
    await embedder.dispose();
  }
}

async function measure(model: ImageTowerModel, heldOut: LoadedPictures, labels: Labels): Promise<PictureMeasures> {
  const { dimension } = labels;
  const numbers = heldOut.pictures.length / Math.max(1, heldOut.count);
  const vectors = new Float32Array(heldOut.count * dimension);
  for (let first = 0; first < heldOut.count; first += EVALUATION_BATCH) {
    const end = Math.min(first + EVALUATION_BATCH, heldOut.count);
    const some = heldOut.pictures.subarray(first * numbers, end * numbers);
    vectors.set(await model.encode(some, end - first), first * dimension);
  }
  return measurePictures(vectors, labels.queries, heldOut.categories, dimension);
}

/** nDCG@10 of held-out pictures for their captions, and its share of what captions themselves have. */
function devMetrics({ textToImage }: PictureMeasures, heldOut: LoadedPictures, labels: Labels): DevMetrics {
  const value = textToImage.ndcgAt10;
  const captions = measurePictures(labels.captions, labels.queries, heldOut.categories, labels.dimension);
  const { ndcgAt10 } = captions.textToImage;
  return { 'ndcg@10': value, retention: ndcgAt10 === 0 ? 0 : value / ndcgAt10 };
}

async function measureBest(
  { run, best }: ImageTrainResult,
  heldOut: LoadedPictures,
  labels: Labels,
): Promise<PictureMeasures | null> {
  if (best === null) return null;
  const { model } = await loadImageTowerModel(join(run, 'checkpoints', 'best'));
  try {
    return await measure(model, heldOut, labels);
  } finally {
    model.dispose();
  }
}
