import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DocumentReader, randomSpans, uniqueSentences, uniqueWords } from '../data/index.ts';
import { createTeacher, LsaEmbedder, type TextEmbedder } from '../model/encoders/index.ts';
import { CemError } from '../zpkg/index.ts';
import { compressTexts, Granularity, type TrainingTexts, withTargets } from './granularity.ts';
import { sharedSettings } from './granularity-settings.ts';
import type { RunFolder } from './run-folder.ts';
import { cachedTeacher, cachePrecision, TeacherCache, teacherCacheFolder } from './teacher-cache.ts';
import type { TrainOptions } from './train-options.ts';
import type { VariantContainer } from './variants/open-variants.ts';

/** Texts of one granularity that are compressed by themselves, and how a step takes them. */
export interface ShortTexts {
  readonly name: string;
  readonly texts: readonly string[];
  readonly settings: { readonly batchSize: number; readonly weight: number };
}

/** What the configuration wants beside the passages, in a fixed order: sentences, titles, words, spans. */
export async function shortTexts(passages: readonly string[], options: TrainOptions): Promise<ShortTexts[]> {
  const { sentences, titles, words, spans } = options.training;
  const wanted: ShortTexts[] = [];
  const add = (name: string, settings: ShortTexts['settings'] | undefined, texts: readonly string[]) => {
    if (settings !== undefined && texts.length > 0) wanted.push({ name, texts, settings });
  };
  if (sentences.batchSize > 0) add('sentences', sentences, uniqueSentences(passages, sentences.maximum));
  if (titles?.batchSize) add('titles', titles, await uniqueTitles(options, titles.maximum));
  if (words?.batchSize) add('words', words, uniqueWords(passages, words.maximum));
  if (spans?.batchSize) add('spans', spans, randomSpans(passages, { ...spans, seed: options.seed }));
  return wanted;
}

async function uniqueTitles(options: TrainOptions, maximum: number): Promise<string[]> {
  const titles = new Set<string>();
  for await (const { title } of options.documents()) {
    if (title.trim() !== '') titles.add(title.trim());
    if (titles.size === maximum) break;
  }
  return [...titles];
}

/** The teacher behind its cache. A fitted teacher belongs to the run and so does its cache; the others' caches are shared between runs. */
export async function openTeacher(
  folder: RunFolder,
  passages: readonly string[],
  options: TrainOptions,
): Promise<{ embedder: TextEmbedder; close(): Promise<void> }> {
  let embedder: TextEmbedder;
  let cacheFolder = teacherCacheFolder();
  if (options.teacher.kind === 'lsa') {
    cacheFolder = join(folder.path, 'teacher-cache');
    if (existsSync(folder.teacher)) {
      embedder = await LsaEmbedder.load(folder.teacher);
    } else {
      const stage = options.listener.stage('fit teacher');
      const fitted = await LsaEmbedder.fit(passages, options.teacher, (done, total) => stage.progress(done, total));
      await fitted.save(folder.teacher);
      stage.done(`LSA, ${fitted.description.dimension} dimensions`);
      embedder = fitted;
    }
  } else {
    embedder = await createTeacher(options.teacher, options.models === undefined ? {} : { models: options.models });
  }
  await mkdir(cacheFolder, { recursive: true });
  const cache = await TeacherCache.open(cacheFolder, embedder.description, { precision: cachePrecision(options.teacher) });
  const cached = cachedTeacher(embedder, cache);
  return {
    embedder: cached,
    close: async () => {
      await cache.close();
      await embedder.dispose();
    },
  };
}

/** The teacher's vectors for passages and short texts, with their frames: what the steps are cut from. */
export async function label(
  reader: DocumentReader,
  variants: readonly VariantContainer[],
  teacher: TextEmbedder,
  passages: readonly string[],
  others: readonly ShortTexts[],
  options: TrainOptions,
): Promise<Granularity[]> {
  const { training, seed, listener } = options;
  const targetsOf = async (name: string, texts: readonly string[]) => {
    const stage = listener.stage(`label ${name}`);
    const vectors = await teacher.embedDocuments(texts, (done, total) => {
      stage.progress(done, total);
      if (options.signal?.aborted) throw stoppedBeforeTraining(stage);
    });
    stage.done(`${texts.length} vectors of ${vectors.dimension}`);
    return vectors.data;
  };
  const common = sharedSettings(training, seed);
  const granularities: Granularity[] = [];
  const add = (name: string, texts: Omit<TrainingTexts, 'count'>, settings: { batchSize: number; weight: number }) => {
    const usable = withTargets(texts, teacher.description.dimension);
    if (usable.count > 0) granularities.push(new Granularity(name, usable, { ...settings, ...common }));
  };
  if (training.passages.batchSize > 0) {
    const sizes = Uint32Array.from(passages, (_, chunk) => reader.container.chunkSize(chunk));
    const targets = await targetsOf('passages', passages);
    add(
      'passages',
      {
        sizes,
        frame: (chunk) => reader.compressedChunk(chunk),
        variants: variants.map(({ container, weight }) => ({
          dictionary: container.dictionary,
          weight,
          frame: (chunk) => container.compressedChunk(chunk),
        })),
        text: (chunk) => passages[chunk]!,
        targets,
      },
      training.passages,
    );
  }
  for (const { name, texts, settings } of others) {
    const targets = await targetsOf(name, texts);
    const stage = listener.stage(`compress ${name}`);
    const compress = (dictionary: Uint8Array, level: number, before: number) =>
      compressTexts(texts, dictionary, level, (done, total) =>
        stage.progress(before * total + done, (1 + variants.length) * total),
      );
    const frames = compress(reader.dictionary, options.pack.level, 0);
    const packedOtherwise = variants.map(({ container: { dictionary }, level, weight }, index) => {
      const { frame } = compress(dictionary, level, 1 + index);
      return { dictionary, weight, frame };
    });
    stage.done();
    add(name, { ...frames, variants: packedOtherwise, targets }, settings);
  }
  if (granularities.length === 0) {
    throw new CemError(
      'TRAINING_NO_TEXTS',
      'there is no text to train on: the teacher has no vector for any, or training.passages and the shorter texts all have batchSize 0',
    );
  }
  return granularities;
}

/** There is no step to end and no checkpoint to write yet. What was labelled is in the cache. */
function stoppedBeforeTraining(stage: { fail(): void }): CemError {
  stage.fail();
  return new CemError(
    'TRAINING_STOPPED',
    'stopped while the teacher labelled the texts; its vectors so far are kept, and the same command with --resume goes on',
  );
}
