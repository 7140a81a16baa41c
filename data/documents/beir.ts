import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { CemError, UsageError } from '../../base/index.ts';
import { BEIR_DATASETS } from '../datasets/beir-datasets.ts';
import { beirCorpusOf, parseObject, readJsonl, requiredString } from './corpus.ts';
import type { Document } from './document.ts';
import { readLines } from './lines.ts';

/** One split of a retrieval benchmark. */
export interface BeirData {
  /** All documents of the corpus, judged or not; every call begins anew. */
  documents(): AsyncIterable<Document>;
  /** Query id to text, in the file's order: the queries that the split judges. */
  readonly queries: ReadonlyMap<string, string>;
  /** Query id to document id to grade, in the file's order. Grades of 0 and less are kept: they say "judged, not relevant". */
  readonly qrels: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Whether the set's figures are of rankings without the document that has the query's own id: known by the folder's name. */
  readonly dropOwnId?: boolean;
}

/**
 * Reads a BEIR folder: `corpus.jsonl`, `queries.jsonl`, `qrels/<split>.tsv` (query id, document id, grade, with a header line).
 *
 * @throws UsageError `BEIR_SPLIT` for a split that is not there; names those that are
 * @throws CemError `BEIR_FOLDER`, `BEIR_QRELS`, `BEIR_QUERY`, `BEIR_DUPLICATE_QUERY`, and as `readCorpus`
 */
export async function readBeir(folder: string, split: string): Promise<BeirData> {
  const corpus = await beirCorpusOf(folder);
  if (corpus === undefined) {
    throw new CemError('BEIR_FOLDER', `${folder} is no BEIR folder: it has no corpus.jsonl`, { details: { folder } });
  }
  const splits = await splitsOf(folder);
  if (!splits.includes(split)) {
    const known = splits.length > 0 ? `its splits are ${splits.join(', ')}` : 'it has no qrels/<split>.tsv at all';
    throw new UsageError('BEIR_SPLIT', `${folder} has no split "${split}": ${known}`, { details: { folder, split, splits } });
  }
  const qrels = await readQrels(join(folder, 'qrels', `${split}.tsv`));
  return {
    documents: () => readJsonl(corpus),
    queries: await readQueries(folder, split, qrels),
    qrels,
    dropOwnId: dropsOwnId(folder),
  };
}

/** By BEIR's name of the set, which `-beir` may follow. */
function dropsOwnId(folder: string): boolean {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/-beir$/, '');
  return BEIR_DATASETS.some((dataset) => dataset.name === name && dataset.queriesAreDocuments === true);
}

/** Names of the splits that a BEIR folder judges. */
async function splitsOf(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'qrels')).catch(() => []);
  return names
    .filter((name) => name.endsWith('.tsv'))
    .map((name) => name.slice(0, -'.tsv'.length))
    .sort();
}

/**
 * Judgments of a tab-separated file: query id, document id, whole grade. The first line is a header unless its third field is a number. A pair that is judged twice is
 * refused, as trec_eval refuses it: with two grades one of them is wrong, and with one grade twice the file was put together wrongly.
 *
 * @throws CemError `FILE_OPEN`, `BEIR_QRELS`
 */
async function readQrels(path: string): Promise<Map<string, Map<string, number>>> {
  const qrels = new Map<string, Map<string, number>>();
  const lines = new Map<string, Map<string, number>>();
  for await (const { text, number } of readLines(path)) {
    if (text.trim() === '') continue;
    const fields = text.split('\t');
    const [query, document, grade] = fields;
    const whole = grade !== undefined && /^-?\d+$/.test(grade.trim());
    if (number === 1 && !whole && fields.length === 3) continue;
    if (fields.length !== 3 || !query || !document || !whole) {
      throw new CemError('BEIR_QRELS', `${path}:${number} is not "query-id, document-id, whole grade" separated by tabs`, {
        details: { path, line: number },
      });
    }
    const judged = qrels.get(query) ?? new Map<string, number>();
    const places = lines.get(query) ?? new Map<string, number>();
    const before = judged.get(document);
    if (before !== undefined)
      throw judgedTwice(path, { query, document }, [places.get(document)!, number], [before, Number(grade)]);
    qrels.set(query, judged.set(document, Number(grade)));
    lines.set(query, places.set(document, number));
  }
  if (qrels.size === 0)
    throw new CemError('BEIR_QRELS', `${path} judges nothing: it has no line after its header`, { details: { path } });
  return qrels;
}

function judgedTwice(
  path: string,
  pair: { readonly query: string; readonly document: string },
  [first, second]: readonly [number, number],
  [before, after]: readonly [number, number],
): CemError {
  const grades = before === after ? `with the same grade ${before}` : `with the grades ${before} and ${after}`;
  return new CemError(
    'BEIR_QRELS',
    `${path}:${first} and ${path}:${second} judge document ${JSON.stringify(pair.document)} for query ${JSON.stringify(pair.query)} both, ${grades}: keep one of the lines`,
    { details: { path, lines: [first, second], ...pair } },
  );
}

/** Texts of the judged queries. An id that stands on two lines is refused, judged or not. */
async function readQueries(folder: string, split: string, qrels: ReadonlyMap<string, unknown>): Promise<Map<string, string>> {
  const path = await queriesOf(folder);
  const queries = new Map<string, string>();
  const lines = new Map<string, number>();
  for await (const line of readLines(path)) {
    if (line.text.trim() === '') continue;
    const row = parseObject(line, path);
    const id = requiredString(row, '_id', line, path);
    const before = lines.get(id);
    if (before !== undefined) {
      throw new CemError(
        'BEIR_DUPLICATE_QUERY',
        `${path}:${before} and ${path}:${line.number} are both query ${JSON.stringify(id)}: judgments could mean either, so give each an id of its own`,
        { details: { path, lines: [before, line.number], id } },
      );
    }
    lines.set(id, line.number);
    if (qrels.has(id)) queries.set(id, requiredString(row, 'text', line, path));
  }
  for (const id of qrels.keys()) {
    if (queries.has(id)) continue;
    throw new CemError('BEIR_QUERY', `${path} has no query ${JSON.stringify(id)}, which qrels/${split}.tsv judges`, {
      details: { path, id },
    });
  }
  return queries;
}

async function queriesOf(folder: string): Promise<string> {
  for (const name of ['queries.jsonl', 'queries.jsonl.gz', 'queries.jsonl.zst']) {
    const path = join(folder, name);
    const found = await stat(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new CemError('BEIR_FOLDER', `${folder} is no BEIR folder: it has no queries.jsonl`, { details: { folder } });
}
