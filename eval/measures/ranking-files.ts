import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AtomicFile, CemError } from '../../base/index.ts';
import type { QueryRanking } from './evaluate.ts';
import type { Qrels } from './measures.ts';

/** Results of a query that are written: the deepest cutoff that `cem metrics` measures. All thousand would take ten times the room. */
const DEPTH = 100;

/** What `cem metrics` and trec_eval split lines at (`isspace` in C), and where a string of C ends. */
const SPLITS = /[ \t\r\v\f\n]|\0/;

/**
 * Refuses ids that a line in TREC form cannot hold: trec_eval would read another id, another number of fields or, where a query's id begins the line with `#` or a byte
 * order mark, no line at all.
 *
 * @throws CemError `EVAL_ID_TREC`
 */
export function assertTrecIds(ids: Iterable<string>, of: 'queries' | 'documents'): void {
  for (const id of ids) {
    const problem = trecProblem(id) ?? (of === 'queries' ? lineProblem(id) : undefined);
    if (problem === undefined) continue;
    throw new CemError(
      'EVAL_ID_TREC',
      `the id ${JSON.stringify(id)} ${problem}, which rankings in TREC form cannot hold: rename it, or evaluate without --output`,
      { details: { id } },
    );
  }
}

function trecProblem(id: string): string | undefined {
  if (id === '') return 'is empty';
  if (SPLITS.test(id)) return 'holds white space or a NUL';
  // UTF-8 has U+FFFD for it, as for every other such id.
  return /\p{Surrogate}/u.test(id) ? 'holds half of a surrogate pair' : undefined;
}

function lineProblem(query: string): string | undefined {
  if (query.startsWith('#')) return 'begins with #, as comments do';
  return query.startsWith('\ufeff') ? 'begins with a byte order mark' : undefined;
}

/** Rankings in TREC form, one file a row, written as they come; they appear together, by `commit`. */
export class RankingFiles {
  readonly #folder: string;
  readonly #files = new Map<string, AtomicFile>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The best 100 of each query as `query Q0 document rank score row`, scores with every digit. */
  async append(row: string, rankings: readonly QueryRanking[]): Promise<void> {
    let file = this.#files.get(row);
    if (file === undefined) {
      await mkdir(this.#folder, { recursive: true });
      file = await AtomicFile.create(join(this.#folder, `${row}.trec`));
      this.#files.set(row, file);
    }
    for (const { query, hits } of rankings) {
      const lines = hits
        .slice(0, DEPTH)
        .map(({ document, score }, index) => `${query} Q0 ${document} ${index + 1} ${score} ${row}\n`);
      if (lines.length > 0) await file.append(Buffer.from(lines.join(''), 'utf8'));
    }
  }

  async commit(): Promise<void> {
    for (const file of this.#files.values()) await file.commit();
    this.#files.clear();
  }

  /** Removes what was not committed. */
  async abort(): Promise<void> {
    for (const file of this.#files.values()) await file.abort();
    this.#files.clear();
  }
}

/** Judgments in TREC form: `query 0 document grade`. */
export function trecQrels(qrels: Qrels): string {
  const lines: string[] = [];
  for (const [query, judgments] of qrels) for (const [id, grade] of judgments) lines.push(`${query} 0 ${id} ${grade}\n`);
  return lines.join('');
}
