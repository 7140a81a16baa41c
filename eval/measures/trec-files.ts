import { FormatError } from '../../base/index.ts';
import { readLines } from '../../data/index.ts';
import type { Qrels } from './measures.ts';
import type { Run } from './metrics.ts';

const RUN_FIELDS = 6;
const QRELS_FIELDS = 4;

/**
 * Reads a TREC qrels file: `query iteration document grade`, the grade a whole number.
 *
 * @throws FormatError `METRICS_MALFORMED_LINE` with file and line, and as `readLines`
 */
export async function readTrecQrels(path: string): Promise<Qrels> {
  const qrels = new Map<string, Map<string, number>>();
  for await (const { fields, fail } of readFields(path)) {
    if (fields.length !== QRELS_FIELDS) fail(`has ${fields.length} fields where qrels have 4: query, iteration, document, grade`);
    const [query, , document, grade] = fields as [string, string, string, string];
    if (!/^[+-]?\d+$/.test(grade)) fail(`has the grade ${JSON.stringify(grade)}; write a whole number`);
    insert(qrels, query, document, Number(grade), fail);
  }
  return qrels;
}

/**
 * Reads a TREC run file: `query Q0 document rank score name`. Rank and all after the score are ignored, as trec_eval does.
 *
 * @throws FormatError `METRICS_MALFORMED_LINE` with file and line, and as `readLines`
 */
export async function readTrecRun(path: string): Promise<Run> {
  const run = new Map<string, Map<string, number>>();
  for await (const { fields, fail } of readFields(path)) {
    if (fields.length < RUN_FIELDS)
      fail(`has ${fields.length} fields where runs have 6: query, Q0, document, rank, score, run name`);
    const [query, , document, , score] = fields as [string, string, string, string, string];
    const value = Number(score);
    if (Number.isNaN(value)) fail(`has the score ${JSON.stringify(score)}; write a number`);
    insert(run, query, document, value, fail);
  }
  return run;
}

type Fail = (problem: string) => never;

function insert(table: Map<string, Map<string, number>>, query: string, document: string, value: number, fail: Fail): void {
  const documents = table.get(query) ?? new Map<string, number>();
  if (documents.has(document))
    fail(`repeats document ${JSON.stringify(document)} of query ${JSON.stringify(query)}; keep one line of it`);
  documents.set(document, value);
  table.set(query, documents);
}

/** The lines that are neither blank nor comments (`#`), cut at ASCII whitespace only: other white space may be part of an id. */
async function* readFields(path: string): AsyncGenerator<{ fields: string[]; fail: Fail }> {
  for await (const { text, number } of readLines(path)) {
    const fields = text.split(/[ \t\r\v\f]+/).filter((field) => field !== '');
    if (fields.length === 0 || fields[0]!.startsWith('#')) continue;
    const fail: Fail = (problem) => {
      throw new FormatError('METRICS_MALFORMED_LINE', `${path}:${number}: the line ${problem}`, {
        details: { path, line: number },
      });
    };
    yield { fields, fail };
  }
}
