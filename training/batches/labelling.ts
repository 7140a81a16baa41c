import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError } from '../../base/index.ts';
import { listCheckpoints } from '../../checkpoints/index.ts';
import { type Document, type DocumentReader, randomSpans, readLines, uniqueSentences, uniqueWords } from '../../data/index.ts';
import {
  cachedTeacher,
  cachePrecision,
  createTeacher,
  LsaEmbedder,
  TeacherCache,
  type TeacherConfig,
  type TextEmbedder,
  teacherCacheFolder,
} from '../../encoders/index.ts';
import { contentSize } from '../../zpkg/index.ts';
import { forgetRun, type RunFolder } from '../runs/run-folder.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { PackSettings } from '../variants/config.ts';
import type { CorpusPassages, TextPlace } from '../variants/corpus-passages.ts';
import type { VariantContainer } from '../variants/open-variants.ts';
import type { TextsConfig } from './config.ts';
import { compressInMemory, Granularity, type TrainingTexts, withTargets } from './granularity.ts';
import { type BatchesConfig, sharedSettings } from './granularity-settings.ts';
import { labelTexts } from './label-texts.ts';

/** What of a run's options decides its texts and their targets. */
export interface LabelOptions {
  readonly training: TextsConfig & BatchesConfig;
  readonly seed: number;
  readonly teacher: TeacherConfig;
  /** Folder in which teachers are looked up before the hub. */
  readonly models?: string;
  readonly pack: Pick<PackSettings, 'level'>;
  /** The training documents; read anew for each pass. */
  readonly documents: () => AsyncIterable<Document>;
  /** Share of a document's texts that an epoch takes, 0 to 1; absent: all of all. */
  readonly shareOf?: (id: string) => number;
  /** Sentences that are not trained on by themselves; absent: none. */
  readonly heldOutSentences?: ReadonlySet<string>;
  readonly listener: TrainingListener;
  readonly signal?: AbortSignal;
}

/** Texts of one granularity that are compressed by themselves, and how a step takes them. */
export interface ShortTexts {
  readonly name: string;
  readonly texts: readonly string[];
  /** [texts] share of the texts with the same share that an epoch takes; absent: all. */
  readonly shares?: ArrayLike<number> | undefined;
  readonly settings: { readonly batchSize: number; readonly weight: number };
}

/**
 * What the configuration wants beside the passages, in a fixed order: sentences, titles, words, spans, lists from files. Sentences and spans come as often as the passages that they are from, where those have shares.
 *
 * @param shares [passages] share of the passages with the same share that an epoch takes; undefined: all
 * @throws CemError `DATA_MISSING` where a list's file is not there
 */
export async function shortTexts(
  passages: readonly string[],
  shares: Float64Array | undefined,
  options: Pick<LabelOptions, 'training' | 'documents' | 'seed' | 'shareOf' | 'heldOutSentences'>,
): Promise<ShortTexts[]> {
  const { sentences, titles, words, spans, lists = [] } = options.training;
  const wanted: ShortTexts[] = [];
  const add = (name: string, settings: ShortTexts['settings'] | undefined, { texts, shares }: SharedTexts) => {
    if (settings !== undefined && texts.length > 0) wanted.push({ name, texts, shares, settings });
  };
  const { heldOutSentences: heldOut } = options;
  const sentencesOf = (own: readonly string[], maximum: number) => {
    if (heldOut === undefined) return uniqueSentences(own, maximum);
    const others = uniqueSentences(own, maximum + heldOut.size).filter((sentence) => !heldOut.has(sentence));
    return others.slice(0, maximum);
  };
  if (sentences.batchSize > 0) add('sentences', sentences, ofEachShare(passages, shares, sentences.maximum, sentencesOf));
  if (titles?.batchSize) add('titles', titles, await uniqueTitles(options, titles.maximum));
  if (words?.batchSize) add('words', words, { texts: uniqueWords(passages, words.maximum) });
  if (spans?.batchSize) {
    const draw = (own: readonly string[], maximum: number) => randomSpans(own, { ...spans, maximum, seed: options.seed });
    add('spans', spans, ofEachShare(passages, shares, spans.maximum, draw));
  }
  for (const list of lists) if (list.batchSize > 0) add(list.name, list, { texts: await listedTexts(list) });
  return wanted;
}

type SharedTexts = Pick<ShortTexts, 'texts' | 'shares'>;

/** The first texts of a file, a text a line, each once. */
async function listedTexts({ name, source, maximum }: { name: string; source: string; maximum: number }): Promise<string[]> {
  if (!existsSync(source)) {
    throw new CemError(
      'DATA_MISSING',
      `there is no ${source}, of which training.lists makes ${name}: name a file with a text a line`,
      {
        details: { source },
      },
    );
  }
  const texts = new Set<string>();
  for await (const { text } of readLines(source)) {
    if (text.trim() !== '') texts.add(text.trim());
    if (texts.size === maximum) break;
  }
  return [...texts];
}

/** Takes texts from the passages of each share by themselves, of each as many of `maximum` as it has passages; a text counts where it comes first. */
function ofEachShare(
  passages: readonly string[],
  shares: Float64Array | undefined,
  maximum: number,
  take: (passages: readonly string[], maximum: number) => string[],
): SharedTexts {
  if (shares === undefined) return { texts: take(passages, maximum) };
  const taken = new Map<string, number>();
  for (const share of new Set(shares)) {
    const own = passages.filter((_, index) => shares[index] === share);
    for (const text of take(own, Math.ceil((maximum * own.length) / passages.length)))
      if (!taken.has(text)) taken.set(text, share);
  }
  return { texts: [...taken.keys()], shares: Float64Array.from(taken.values()) };
}

async function uniqueTitles(
  { documents, shareOf }: Pick<LabelOptions, 'documents' | 'shareOf'>,
  maximum: number,
): Promise<SharedTexts> {
  const titles = new Map<string, number>();
  for await (const { id, title } of documents()) {
    const own = title.trim();
    if (own !== '' && !titles.has(own)) titles.set(own, shareOf?.(id) ?? 1);
    if (titles.size === maximum) break;
  }
  return { texts: [...titles.keys()], shares: shareOf && Float64Array.from(titles.values()) };
}

/** The teacher behind its cache. A fitted teacher belongs to the run and so does its cache; the others' caches are shared between runs. */
export async function openTeacher(
  folder: RunFolder,
  passages: readonly string[],
  options: LabelOptions,
): Promise<{ embedder: TextEmbedder; close(): Promise<void> }> {
  let embedder: TextEmbedder;
  let cacheFolder = teacherCacheFolder();
  if (options.teacher.kind === 'lsa') {
    cacheFolder = join(folder.path, 'teacher-cache');
    // A fit that could not be written whole, on a full disk, is done again; once the run has trained, its teacher must be the one that it had.
    const trained = existsSync(folder.teacher) && (await listCheckpoints(folder.path)).length > 0;
    if (trained || LsaEmbedder.isFitted(folder.teacher)) {
      embedder = await LsaEmbedder.load(folder.teacher);
    } else {
      const stage = options.listener.stage('fit teacher');
      const fitted = await LsaEmbedder.fit(passages, options.teacher, (done, total) => stage.progress(done, total)).catch(
        async (error: unknown) => {
          stage.fail();
          // It failed by these texts or these settings: with others the run is another one.
          await forgetRun(folder);
          throw error;
        },
      );
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

/** What a run trains on, before it is labelled. */
export interface RunTexts {
  readonly passages: CorpusPassages;
  /** [passages] as `ShortTexts.shares` */
  readonly shares?: ArrayLike<number> | undefined;
  readonly others: readonly ShortTexts[];
}

/** The teacher's vectors for passages and short texts, with their frames: what the steps are cut from. */
export async function label(
  reader: DocumentReader,
  variants: readonly VariantContainer[],
  teacher: TextEmbedder,
  { passages, shares: passageShares, others }: RunTexts,
  options: LabelOptions,
): Promise<Granularity[]> {
  const { training, seed, listener } = options;
  const targetsOf = async (name: string, texts: readonly string[]) =>
    (await labelTexts(name, options, (onProgress) => teacher.embedDocuments(texts, onProgress))).data;
  const common = sharedSettings(training, seed);
  const granularities: Granularity[] = [];
  const add = (name: string, texts: Omit<TrainingTexts, 'count'>, settings: { batchSize: number; weight: number }) => {
    const usable = withTargets(texts, teacher.description.dimension);
    if (usable.count > 0) granularities.push(new Granularity(name, usable, { ...settings, ...common }));
  };
  if (training.passages.batchSize > 0) {
    const { texts, places } = passages;
    const targets = await targetsOf('passages', texts);
    const sizes = await Promise.all(places.map((place) => compressedSize(reader, place)));
    add(
      'passages',
      {
        sizes: Uint32Array.from(sizes),
        shares: passageShares,
        ...framesOf(reader, places),
        variants: variants.map(({ container, places: own, weight }) => ({
          dictionary: container.dictionary,
          weight,
          ...framesOf(container, own),
        })),
        text: (passage) => texts[passage]!,
        targets,
      },
      training.passages,
    );
  }
  for (const { name, texts, shares, settings } of others) {
    const targets = await targetsOf(name, texts);
    const stage = listener.stage(`compress ${name}`);
    const compress = (dictionary: Uint8Array, level: number, before: number) =>
      compressInMemory(texts, dictionary, level, (done, total) =>
        stage.progress(before * total + done, (1 + variants.length) * total),
      );
    const frames = compress(reader.dictionary, options.pack.level, 0);
    const packedOtherwise = variants.map(({ container: { dictionary }, level, weight }, index) => {
      const { frame } = compress(dictionary, level, 1 + index);
      return { dictionary, weight, frame };
    });
    stage.done();
    add(name, { ...frames, shares, variants: packedOtherwise, targets }, settings);
  }
  if (granularities.length === 0) {
    throw new CemError(
      'TRAINING_NO_TEXTS',
      'there is no text to train on: the teacher has no vector for any, or training.passages and the shorter texts all have batchSize 0',
    );
  }
  return granularities;
}

/** Passages from the chunks of a container. */
function framesOf(
  container: Pick<DocumentReader, 'compressedChunk'>,
  places: readonly TextPlace[],
): Pick<TrainingTexts, 'frame' | 'placeOf'> {
  return {
    frame: (passage) => container.compressedChunk(places[passage]!.frame),
    placeOf: (passage) => places[passage]!,
  };
}

/** Bytes of a chunk, or as large a share of them as the passage is of its content. */
async function compressedSize({ container }: DocumentReader, { frame, span }: TextPlace): Promise<number> {
  const size = container.chunkSize(frame);
  if (span === undefined) return size;
  return Math.ceil((size * (span.end - span.start)) / contentSize(await container.compressedChunk(frame)));
}
