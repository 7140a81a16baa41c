import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../../base/index.ts';
import { documentText, readBeir, readCorpus, trainingDocuments } from '../../data/index.ts';
import { shinglesOf } from './shingles.ts';
import type { CorpusLanguage, KeptOutSet } from './source.ts';

/** Words, or Chinese characters, that a text and an evaluation set may not have in common, one behind the other. */
const RUN = { en: 12, zh: 24 } as const;

/** Texts of evaluation sets, of which nothing may be in a corpus. */
export class KeptOut {
  readonly #tag: CorpusLanguage['tag'];
  readonly #runs = new Map<number, string>();
  /** Sets that were there. */
  readonly sets: string[] = [];

  private constructor(tag: CorpusLanguage['tag']) {
    this.#tag = tag;
  }

  /** Reads the sets that are in a folder; those that are not are left out. */
  static async read(
    sets: readonly KeptOutSet[],
    local: string | undefined,
    { tag }: Pick<CorpusLanguage, 'tag'>,
  ): Promise<KeptOut> {
    const keptOut = new KeptOut(tag);
    for (const set of sets) {
      const folder = local === undefined ? undefined : join(local, set.name);
      if (folder === undefined || !(await exists(folder))) continue;
      keptOut.sets.push(set.name);
      for await (const text of textsOf(folder, set)) keptOut.#add(set.name, text);
    }
    return keptOut;
  }

  #add(set: string, text: string): void {
    for (const run of shinglesOf(text, this.#tag, RUN[this.#tag])) this.#runs.set(run, set);
  }

  /** Name of a set that has a run of this text; undefined: none. A text shorter than a run is compared as a whole. */
  setOf(text: string): string | undefined {
    for (const run of shinglesOf(text, this.#tag, RUN[this.#tag])) {
      const set = this.#runs.get(run);
      if (set !== undefined) return set;
    }
    return undefined;
  }
}

interface SquadFile {
  readonly data: readonly {
    readonly paragraphs: readonly { readonly context: string; readonly qas: readonly { readonly question: string }[] }[];
  }[];
}

async function* textsOf(folder: string, { squad, splits, queriesOnly = false }: KeptOutSet): AsyncGenerator<string> {
  if (squad !== undefined) {
    const { data } = JSON.parse(await readFile(join(folder, squad), 'utf8')) as SquadFile;
    for (const { context, qas } of data.flatMap((article) => article.paragraphs)) {
      yield context;
      for (const { question } of qas) yield question;
    }
    return;
  }
  const wanted = splits ?? (await readdir(join(folder, 'qrels'))).map((file) => file.replace(/\.tsv$/, ''));
  for (const split of wanted) {
    for (const query of (await readBeir(folder, split)).queries.values()) yield query;
  }
  if (queriesOnly) return;
  if (splits === undefined) {
    for await (const document of readCorpus(folder)) yield documentText(document);
    return;
  }
  for (const split of splits) {
    const { documents } = await trainingDocuments({ source: folder, split });
    for await (const document of documents()) yield documentText(document);
  }
}
