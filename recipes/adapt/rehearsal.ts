import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { silentListener } from '../../base/index.ts';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import { type Document, documentText, uniqueSentences } from '../../data/index.ts';
import type { TextEmbedder } from '../../encoders/index.ts';
import { train } from '../../training/index.ts';
import { type AdaptConfigInput, adaptConfig } from './adapt-config.ts';
import type { MeasuredRates } from './adapt-plan.ts';

/** Documents, and of their texts so many, that rates are measured with. */
const DOCUMENTS = 160;
const PASSAGES = 24;
const SENTENCES = 96;
/** Steps that are taken; the first ones, which compile and fill caches, are not counted. */
const STEPS = 7;
const UNCOUNTED = 3;

/** What a rehearsal is made of. */
export interface RehearsalInput {
  readonly run: string;
  readonly base: LoadedStudent;
  /** Not behind a cache: what it computes is timed. */
  readonly teacher: TextEmbedder;
  readonly documents: readonly Document[];
  readonly config: Omit<AdaptConfigInput, 'steps'>;
  readonly models: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Measures the teacher's rates and that of a step: a run of a few steps on some of the documents, in a folder that is removed. */
export async function measureRates({
  run,
  base,
  teacher,
  documents,
  models,
  signal,
  ...input
}: RehearsalInput): Promise<MeasuredRates> {
  const some = everyNth(documents, DOCUMENTS);
  const texts = some.map(documentText);
  const passage = await secondsEach(teacher, everyNth(texts, PASSAGES));
  const sentences = uniqueSentences(texts, Number.POSITIVE_INFINITY);
  const sentence = sentences.length === 0 ? passage : await secondsEach(teacher, everyNth(sentences, SENTENCES));
  const folder = join(run, 'rehearsal');
  await rm(folder, { recursive: true, force: true });
  try {
    if (base.teacherFolder) await cp(base.teacherFolder, join(folder, 'teacher'), { recursive: true });
    const config = adaptConfig(base, { ...input.config, steps: STEPS });
    const ends: number[] = [];
    await train({
      run: folder,
      resume: false,
      seed: config.seed,
      model: config.model,
      teacher: config.teacher,
      pack: config.pack,
      training: config.training,
      resolved: config,
      environment: {},
      documents: async function* () {
        yield* some;
      },
      ...(models !== undefined && { models }),
      listener: {
        ...silentListener,
        stage: (name) => ({ ...silentListener.stage(name), progress: () => name === 'train' && ends.push(performance.now()) }),
      },
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();
    return { passage, sentence, step: (ends.at(-1)! - ends[UNCOUNTED - 1]!) / (ends.length - UNCOUNTED) / 1000 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function secondsEach(teacher: TextEmbedder, texts: readonly string[]): Promise<number> {
  const start = performance.now();
  await teacher.embedDocuments(texts);
  return (performance.now() - start) / 1000 / texts.length;
}

/** At most so many items, evenly from all. */
export function everyNth<Item>(items: readonly Item[], wanted: number): Item[] {
  const step = Math.max(1, items.length / wanted);
  return Array.from({ length: Math.min(wanted, items.length) }, (_, index) => items[Math.floor(index * step)]!);
}
