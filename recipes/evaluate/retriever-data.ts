import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { CemError, type Listener, messageOf, UsageError } from '../../base/index.ts';
import { documentText, readBeir } from '../../data/index.ts';
import { type LawQuestion, type ModeQuery, parseQuestions } from '../../eval/modes/index.ts';
import { findParser, hasParser, type ParsedDocument, START_BYTES } from '../../ingest/index.ts';
import type { RowMetadata } from '../../search/index.ts';
import type { NamedLaw } from '../../search/self-query/index.ts';

/** Judged queries over the documents, under a name. */
export interface QuerySet {
  readonly name: string;
  readonly queries: readonly ModeQuery[];
  readonly qrels: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Documents that are ranked, with everything that is asked of them. */
export interface RetrieverData {
  /** Text by id, as it is found. */
  readonly texts: ReadonlyMap<string, string>;
  readonly metadataOf?: (id: string) => RowMetadata | undefined;
  /** Laws among the documents, by which queries may name them. */
  readonly laws: readonly NamedLaw[];
  readonly sets: readonly QuerySet[];
  /** Another set of the same documents: a split, or a file of questions. */
  readonly setOf: (name: string) => Promise<QuerySet>;
}

/**
 * Documents and queries of a folder in BEIR layout.
 *
 * @param candidates the whole corpus, or only what the split judges
 */
export async function readBeirSet(folder: string, split: string, candidates: 'corpus' | 'judged'): Promise<RetrieverData> {
  const data = await readBeir(folder, split);
  const judged =
    candidates === 'judged' ? new Set([...data.qrels.values()].flatMap((judgments) => [...judgments.keys()])) : undefined;
  const texts = new Map<string, string>();
  for await (const document of data.documents())
    if (judged?.has(document.id) ?? true) texts.set(document.id, documentText(document));
  const setOf = async (name: string): Promise<QuerySet> => {
    const { queries, qrels } = name === split ? data : await readBeir(folder, name);
    return { name, queries: Array.from(qrels.keys(), (id) => ({ id, text: queries.get(id)! })), qrels };
  };
  return { texts, laws: [], sets: [await setOf(split)], setOf };
}

/**
 * Documents of a folder of files (or of one), as `cem ingest` parses them, a whole document each, and files of questions whose gold names law and article.
 *
 * @param prefixed whether what goes before a document's text where it is found (`indexPrefix`) is put there
 * @throws CemError `EVAL_QUESTIONS` for a question whose gold is no document
 */
export async function readQuestionSets(
  folder: string,
  files: readonly string[],
  prefixed: boolean,
  listener: Listener,
): Promise<RetrieverData> {
  const documents = await parseFolder(folder, listener);
  if (documents.length === 0)
    throw new UsageError('EVAL_DATA', `${folder} has no file that can be read: name a folder of documents`);
  const texts = new Map<string, string>();
  const fields = new Map<string, Readonly<Record<string, unknown>>>();
  const byArticle = new Map<string, string[]>();
  for (const [place, { path, document }] of documents.entries()) {
    const id = `${path}#${document.fields?.['record_index'] ?? place}`;
    const text = document.blocks.map((block) => block.text).join('\n');
    texts.set(id, prefixed && document.indexPrefix !== undefined ? `${document.indexPrefix}\n${text}` : text);
    if (document.fields === undefined) continue;
    fields.set(id, document.fields);
    const key = articleKey(String(document.fields['law']), String(document.fields['article']));
    byArticle.set(key, [...(byArticle.get(key) ?? []), id]);
  }
  const setOf = (path: string): Promise<QuerySet> => readSet(path, byArticle);
  return {
    texts,
    metadataOf: (id) => {
      const own = fields.get(id);
      return own === undefined ? undefined : ({ fields: own } as RowMetadata);
    },
    laws: lawsOf(documents.map(({ document }) => document)),
    sets: await Promise.all(files.map(setOf)),
    setOf,
  };
}

const articleKey = (law: string, article: string): string => JSON.stringify([law, article]);

async function readSet(path: string, byArticle: ReadonlyMap<string, readonly string[]>): Promise<QuerySet> {
  const questions = parseQuestions(await readFile(path, 'utf8'), path);
  const qrels = new Map(
    questions.map(({ id, gold }) => [
      id,
      new Map((byArticle.get(articleKey(gold.law, gold.article)) ?? []).map((document) => [document, 1])),
    ]),
  );
  const lost = questions.filter(({ id }) => qrels.get(id)!.size === 0);
  if (lost.length > 0) throw noGold(path, lost);
  return {
    name: basename(path, extname(path)),
    queries: questions.map(({ id, query, tag }) => ({ id, text: query, tag })),
    qrels,
  };
}

function noGold(path: string, lost: readonly LawQuestion[]): CemError {
  const { id, gold } = lost[0]!;
  return new CemError(
    'EVAL_QUESTIONS',
    `${path}: ${lost.length} questions are answered by articles that the data do not have, ${id} by ${gold.law} ${gold.article}; name the folder that has them`,
    { details: { path, questions: lost.map((question) => question.id) } },
  );
}

function lawsOf(documents: readonly ParsedDocument[]): NamedLaw[] {
  const laws = new Map<string, NamedLaw>();
  for (const { fields } of documents) {
    const [law, alias] = [fields?.['law'], fields?.['law_alias']];
    if (typeof law === 'string' && law !== '') laws.set(law, { law, ...(typeof alias === 'string' && { aliases: [alias] }) });
  }
  return [...laws.values()];
}

/** Every document of every file that a parser reads, in the order of their paths; what cannot be read is noted. */
async function parseFolder(folder: string, listener: Listener): Promise<{ path: string; document: ParsedDocument }[]> {
  const documents: { path: string; document: ParsedDocument }[] = [];
  for (const path of await filesOf(folder)) {
    const name = (await isFolder(folder)) ? relative(resolve(folder), path).split(sep).join('/') : basename(path);
    const bytes = new Uint8Array(await readFile(path));
    try {
      const parsed = await findParser(name, bytes.subarray(0, START_BYTES)).parse({ path: name, bytes });
      documents.push(...parsed.map((document) => ({ path: name, document })));
    } catch (error) {
      if (hasParser(name)) listener.note(`left out: ${messageOf(error)}`);
    }
  }
  return documents;
}

async function filesOf(folder: string): Promise<string[]> {
  if (!(await isFolder(folder))) return [resolve(folder)];
  const entries = await readdir(resolve(folder), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new UsageError('EVAL_DATA', `${path} cannot be read: name a folder of documents, or a file`, {
      details: { path },
      cause,
    });
  }
}
