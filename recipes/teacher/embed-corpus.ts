import { asyncBatches, closing, inStage, type Listener, type Stage } from '../../base/index.ts';
import type { Document } from '../../data/index.ts';
import {
  createTeacher,
  type Precision,
  TeacherCache,
  type TransformersConfig,
  teacherCacheFolder,
} from '../../encoders/index.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { type TextGranularity, teacherTexts } from './teacher-texts.ts';

export interface EmbedCorpusOptions extends LongCall {
  readonly documents: () => AsyncIterable<Document>;
  readonly teacher: TransformersConfig;
  /** Which texts of the documents. */
  readonly granularity: TextGranularity;
  /** Different sentences, at most. */
  readonly maximum: number;
  /** The documents' container: passages are then the texts of its chunks. */
  readonly zpkg?: string | undefined;
  /** How vectors are cached. */
  readonly precision: Precision;
  /** Folder in which models are looked up before the hub. */
  readonly models?: string | undefined;
  /** Folder of the caches; the one of all runs unless given. */
  readonly folder?: string | undefined;
}

export interface EmbedCorpusResult {
  readonly teacher: string;
  readonly revision: string;
  readonly dimension: number;
  readonly precision: Precision;
  /** The cache. */
  readonly folder: string;
  readonly texts: number;
  /** Vectors that the teacher computed now; the others were at hand, or their text came before. */
  readonly computed: number;
  readonly seconds: number;
  /** Vectors a second, while the teacher worked; null when it did not. */
  readonly rate: number | null;
}

/** Texts that are given to the cache at once: what is held in memory. */
const TEXTS_AT_ONCE = 2048;

/** Puts a teacher's vectors of a corpus into the cache that training reads; the same call again goes on. Throws what `createTeacher` and the cache throw. */
export async function embedCorpus(options: EmbedCorpusOptions): Promise<EmbedCorpusResult> {
  const { documents, granularity, maximum, zpkg, models, precision } = options;
  const listener = listenerOf(options);
  const texts = () => teacherTexts(documents(), { granularity, maximum, ...(zpkg === undefined ? {} : { zpkg }) });
  const teacher = await createTeacher(options.teacher, models === undefined ? {} : { models });
  await using _teacher = closing(() => teacher.dispose());
  const { id, revision, dimension } = teacher.description;
  const cache = await TeacherCache.open(options.folder ?? teacherCacheFolder(), teacher.description, { precision });
  await using _cache = closing(() => cache.close());
  const { count, missing } = await countTexts(texts(), cache, listener);
  const start = performance.now();
  let computed = 0;
  let working = 0;
  const computeIn = (stage: Stage) => async (batch: readonly string[]) => {
    const before = performance.now();
    const vectors = await teacher.embedDocuments(batch, (done) => stage.progress(computed + done, missing));
    working += performance.now() - before;
    computed += batch.length;
    return vectors;
  };
  await inStage(
    listener,
    `embed ${granularity}`,
    async (stage) => {
      const compute = computeIn(stage);
      for await (const batch of asyncBatches(texts(), TEXTS_AT_ONCE)) await cache.getOrCompute(batch, 'document', compute);
    },
    () => `${computed} vectors computed, ${count} texts in all`,
  );
  return {
    teacher: id,
    revision,
    dimension,
    precision,
    folder: cache.folder,
    texts: count,
    computed,
    seconds: (performance.now() - start) / 1000,
    rate: computed === 0 ? null : computed / (working / 1000),
  };
}

/** How many texts there are, and how many different ones have no vector yet: what progress counts. */
async function countTexts(
  texts: AsyncIterable<string>,
  cache: TeacherCache,
  listener: Listener,
): Promise<{ count: number; missing: number }> {
  const stage = listener.stage('looking texts up');
  const missing = new Set<string>();
  let count = 0;
  for await (const text of texts) {
    count++;
    if (!cache.has(text, 'document')) missing.add(text);
    stage.progress(count, 0);
  }
  stage.done(`${missing.size} of ${count} texts have no vector yet`);
  return { count, missing: missing.size };
}
