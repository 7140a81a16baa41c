import { join } from 'node:path';
import { closing, inStage, inStages, UsageError } from '../../base/index.ts';
import { loadStudent, loadTeacher } from '../../checkpoints/index.ts';
import { documentText, markdownPassages, passageSettingsOf, readCorpus } from '../../data/index.ts';
import { cachedTeacher, StudentEncoder, TeacherCache } from '../../encoders/index.ts';
import {
  evaluateLongEmbed,
  findLongEmbedSets,
  generateNeedle,
  generatePasskey,
  type Haystack,
  KeptSets,
  LONG_EMBED_LENGTHS,
  LONG_EMBED_ROWS,
  type LongEmbedResult,
  makeHaystack,
  writeSyntheticTask,
} from '../../eval/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { readDictionary } from '../shared/dictionary-choice.ts';
import { installedPackages, readMarkdownFiles } from '../shared/installed-markdown.ts';

export interface GenerateTaskOptions extends LongCall {
  readonly task: 'passkey' | 'needle';
  /** Folder that the task is made in. */
  readonly output: string;
  /** Tokens of a document; 256 to 32768 unless given. */
  readonly length?: readonly number[] | undefined;
  /** The same seed gives the same bytes. */
  readonly seed?: number | undefined;
  /** Texts to hide needles in: folder of text files, JSONL file or BEIR folder; the Markdown of the installed packages unless given. */
  readonly haystack?: string | undefined;
}

export interface GenerateTaskResult {
  readonly task: string;
  readonly seed: number;
  readonly haystack: HaystackOrigin | null;
  readonly folders: readonly string[];
}

interface HaystackOrigin {
  readonly source: string;
  readonly words: number;
  readonly sha256: string;
}

export interface LongEmbedOptions extends LongCall, OnBackend {
  readonly checkpoint: string;
  /** Folder with `TASK/LENGTH/` and `TASK/` in BEIR layout. */
  readonly data: string;
  /** Leave the other tasks out. */
  readonly only?: readonly string[] | undefined;
  /** What documents are packed with: the training corpus' dictionary unless given, one of their own, or none. */
  readonly dictionary?: 'run' | 'corpus' | 'none' | undefined;
  /** Bytes of the passages that documents are ranked by, the best of each; 1024 unless given. */
  readonly passageSize?: number | undefined;
  /** Bytes that a passage shares with the one before it, at most; 0 unless given. */
  readonly passageOverlap?: number | undefined;
  readonly models?: string | undefined;
  /** Folder that keeps the result of every set, and the teacher's vectors: killed in the middle, the same call goes on without measuring a set or embedding a passage twice. */
  readonly output?: string | undefined;
}

export interface LongEmbedEvaluation extends LongEmbedResult {
  readonly checkpoint: { readonly path: string; readonly hash: string; readonly step: number };
  readonly teacher: { readonly id: string; readonly revision: string };
  readonly maximumSymbols: number;
  /** What of a text the teacher reads, in tokens; null where it reads all of it, or does not say. */
  readonly maximumTokens: number | null;
  readonly passageSize: number;
  readonly passageOverlap: number;
  readonly dictionary: string;
  readonly backend: string;
}

const DEFAULT_PASSAGE_SIZE = 1024;
/** Below the output: the teacher's vectors. */
const TEACHER_FOLDER = 'teacher';
/** Characters of the pieces that a haystack is made of where it comes from Markdown. */
const PASSAGE_LENGTHS = { shortest: 300, longest: 100_000 };

/**
 * Makes Passkey or Needle from a seed, as BEIR folders `OUTPUT/TASK/LENGTH`.
 *
 * @throws UsageError `LONG_EMBED_NUMBER`, `LONG_EMBED_NO_HAYSTACK`; and what reading the haystack throws
 */
export async function generateLongEmbed(options: GenerateTaskOptions): Promise<GenerateTaskResult> {
  const { task, output, length = LONG_EMBED_LENGTHS, seed = 0, haystack: path } = options;
  const wrong = length.find((tokens) => !Number.isSafeInteger(tokens) || tokens < 1);
  if (wrong !== undefined || !Number.isSafeInteger(seed)) {
    throw new UsageError(
      'LONG_EMBED_NUMBER',
      `--length ${wrong ?? length.join(' ')} and --seed ${seed} must be whole numbers, lengths from 1`,
    );
  }
  if (task === 'passkey' && path !== undefined) {
    throw new UsageError('LONG_EMBED_NO_HAYSTACK', 'Passkey has a filling of its own: leave --haystack out');
  }
  const haystack = task === 'needle' ? await readHaystack(path) : undefined;
  const origin: HaystackOrigin | null = haystack
    ? { source: path ?? 'Markdown of the installed packages', words: haystack.words.length, sha256: haystack.hash }
    : null;
  const folders: string[] = [];
  await inStage(listenerOf(options), `making ${task}`, async (stage) => {
    for (const [number, tokens] of length.entries()) {
      const folder = join(output, task, String(tokens));
      const made = haystack ? generateNeedle(tokens, seed, haystack) : generatePasskey(tokens, seed);
      await writeSyntheticTask(made, folder, origin ? { haystack: { words: origin.words, sha256: origin.sha256 } } : {});
      folders.push(folder);
      stage.progress(number + 1, length.length);
    }
  });
  return { task, seed, haystack: origin, folders };
}

async function readHaystack(path: string | undefined): Promise<Haystack> {
  const texts: string[] = [];
  if (path === undefined) {
    for (const { markdown } of await readMarkdownFiles(installedPackages())) {
      for (const { text } of markdownPassages(markdown, PASSAGE_LENGTHS)) texts.push(text);
    }
  } else {
    for await (const document of readCorpus(path)) texts.push(documentText(document));
  }
  return makeHaystack(texts);
}

/**
 * Measures teacher, student, BM25 and chance on every task and length of LongEmbed that there is.
 *
 * @throws UsageError `LONG_EMBED_ONLY`, `LONG_EMBED_PASSAGES`, `PACK_OPTION`; and what reading, loading and `evaluateLongEmbed` throw
 */
export async function measureLongEmbed(options: LongEmbedOptions): Promise<LongEmbedEvaluation> {
  const { only = [], dictionary: choice = 'run', passageSize = DEFAULT_PASSAGE_SIZE, passageOverlap = 0, output } = options;
  if (passageSettingsOf({ passageSize, passageOverlap }) === undefined)
    throw new UsageError('LONG_EMBED_PASSAGES', '--passage-size 0 is no passages: documents are always measured whole too');
  const listener = listenerOf(options);
  const found = await findLongEmbedSets(options.data);
  const sets = found.filter(({ task }) => only.length === 0 || only.includes(task.name));
  if (sets.length === 0) {
    const names = [...new Set(found.map(({ task }) => task.name))].join(', ');
    throw new UsageError('LONG_EMBED_ONLY', `${options.data} has ${names}, and none of them is --only ${only.join(' ')}`);
  }
  const backend = await useBackend(options, listener);
  using loaded = await loadStudent(options.checkpoint);
  const dictionary = await readDictionary(choice, loaded.trainingZpkg);
  const loadedTeacher = await loadTeacher(loaded, { models: options.models, note: (line) => listener.note(line) });
  await using _teacher = closing(() => loadedTeacher.dispose());
  const cache =
    output === undefined ? undefined : await TeacherCache.open(join(output, TEACHER_FOLDER), loadedTeacher.description);
  await using _cache = closing(() => cache?.close());
  const teacher = cache === undefined ? loadedTeacher : cachedTeacher(loadedTeacher, cache);
  const { maximumTokens } = teacher.description.settings;
  const described = {
    checkpoint: { path: loaded.folder, hash: loaded.hash, step: loaded.state.step },
    teacher: { id: teacher.description.id, revision: teacher.description.revision },
    maximumSymbols: loaded.student.config.maximumSymbols,
    maximumTokens: typeof maximumTokens === 'number' ? maximumTokens : null,
    passageSize,
    passageOverlap,
    dictionary: choice,
    backend: backend.name,
  };
  const result = await inStages(listener, (progress) =>
    evaluateLongEmbed({
      sets,
      model: loaded.student.config,
      passages: { size: passageSize, overlap: passageOverlap },
      student: (source, queries) => new StudentEncoder(loaded.student, source, queries, loaded.hash),
      teacher,
      pack: { ...loaded.state.pack, ...(dictionary !== undefined && { dictionary }) },
      innerProducts: tensorInnerProducts,
      ...(output !== undefined && {
        kept: new KeptSets(output, { ...described, checkpoint: loaded.hash, rows: LONG_EMBED_ROWS }),
      }),
      onProgress: ({ task, length }, stage, done, total) =>
        progress(`${task.name}${length === undefined ? '' : ` ${length}`}, ${stage}`, done, total),
    }),
  );
  return { ...result, ...described };
}
