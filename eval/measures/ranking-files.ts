import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AtomicFile, CemError } from '../../base/index.ts';
import type { QueryRanking } from './evaluate.ts';
import type { Qrels } from './measures.ts';

/** Results of a query that are written: the deepest cutoff that `cem metrics` measures. All thousand would take ten times the room. */
const DEPTH = 100;

/** What `cem metrics` and trec_eval split lines at. */
const WHITE_SPACE = /[ \t\r\v\f\n]/;

/**
 * Refuses ids that a line in TREC form cannot hold.
 *
 * @throws CemError `EVAL_ID_TREC`
 */
export function assertTrecIds(ids: Iterable<string>): void {
  for (const id of ids) {
    if (id !== '' && !WHITE_SPACE.test(id)) continue;
    throw new CemError(
      'EVAL_ID_TREC',
      `the id ${JSON.stringify(id)} is empty or holds white space, which rankings in TREC form cannot hold: rename it, or evaluate without --output`,
      { details: { id } },
    );
  }
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
