import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type FolderLock, lockFolder, readJsonFile, UsageError, writeFileAtomically } from '../../base/index.ts';
import type { BeirData } from '../../data/index.ts';
import type { EncoderEvaluation, EvaluationDetails } from '../encoders/encoder-evaluation.ts';
import { VectorLog } from '../encoders/vector-log.ts';
import type { QueryRanking } from '../measures/evaluate.ts';
import { assertTrecIds, RankingFiles, trecQrels } from '../measures/ranking-files.ts';
import { type QueryRecord, RECORD_FILES } from './evaluation-record.ts';
import { type MtebTask, mtebFiles } from './mteb.ts';

const EXCERPT_CHARACTERS = 240;
/** Relevant documents of which an excerpt is kept for a query. */
const RELEVANT_EXCERPTS = 3;

/** Everything that was asked of an evaluation, as JSON. */
export type EvaluationRequest = Readonly<Record<string, unknown>>;

/**
 * The folder of one evaluation. While it runs, vectors gather in it; when it is finished, its results appear, each file whole. The same request finds
 * the vectors again, whether the evaluation was killed or finished; another request is refused.
 */
export class EvaluationFolder {
  readonly path: string;
  readonly vectors: VectorLog;
  readonly #lock: FolderLock;
  readonly #rankings: RankingFiles;
  /** Id of the first result, by row and query. */
  readonly #first = new Map<string, Map<string, string>>();

  private constructor(path: string, vectors: VectorLog, lock: FolderLock) {
    this.path = path;
    this.vectors = vectors;
    this.#lock = lock;
    this.#rankings = new RankingFiles(join(path, RECORD_FILES.rankings));
  }

  /**
   * @throws UsageError `EVAL_FOLDER_OTHER` when another evaluation lies there; names what differs
   * @throws CemError `FOLDER_LOCKED`, and as `VectorLog.open`
   */
  static async open(path: string, request: EvaluationRequest): Promise<EvaluationFolder> {
    const lock = await lockFolder(path);
    try {
      await claim(path, request);
      return new EvaluationFolder(path, await VectorLog.open(join(path, RECORD_FILES.vectors)), lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /**
   * Makes sure that every id can be written, before anything is encoded. For `EncoderEvaluationInput.onCandidates`.
   *
   * @throws CemError `EVAL_ID_TREC`
   */
  readonly checkIds = (candidates: Iterable<string>, { qrels }: BeirData): void => {
    assertTrecIds(candidates, 'documents');
    assertTrecIds(qrels.keys(), 'queries');
    for (const judgments of qrels.values()) assertTrecIds(judgments.keys(), 'documents');
  };

  /** For `EncoderEvaluationInput.onRankings`. */
  readonly addRankings = async (row: string, rankings: readonly QueryRanking[]): Promise<void> => {
    const first = this.#first.get(row) ?? new Map<string, string>();
    this.#first.set(row, first);
    for (const { query, hits } of rankings) {
      assertTrecIds([query], 'queries');
      assertTrecIds(
        hits.map(({ document }) => document),
        'documents',
      );
      if (hits[0] !== undefined) first.set(query, hits[0].document);
    }
    await this.#rankings.append(row, rankings);
  };

  /** Writes everything that was measured; `result.json` last, so that it stands for a finished evaluation. */
  async finish(result: EncoderEvaluation, details: EvaluationDetails, data: BeirData, task: MtebTask): Promise<void> {
    await this.#rankings.commit();
    await this.#write(RECORD_FILES.qrels, trecQrels(data.qrels));
    const lines = this.#queryRecords(details, data).map((record) => `${JSON.stringify(record)}\n`);
    await this.#write(RECORD_FILES.queries, lines.join(''));
    for (const { path, content } of mtebFiles(result, task)) await this.#write(join(RECORD_FILES.mteb, path), toJson(content));
    await this.#write(RECORD_FILES.result, toJson(result));
  }

  async close(): Promise<void> {
    await this.#rankings.abort();
    await this.vectors.close();
    await this.#lock.release();
  }

  async #write(name: string, text: string): Promise<void> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomically(path, Buffer.from(text, 'utf8'));
  }

  #queryRecords({ perQuery, texts }: EvaluationDetails, { queries, qrels }: BeirData): QueryRecord[] {
    const rows = Object.keys(perQuery);
    return Array.from(qrels, ([id, judgments]) => {
      const relevant = [...judgments].filter(([document, grade]) => grade > 0 && texts.has(document)).sort((a, b) => b[1] - a[1]);
      const first = (row: string): QueryRecord['first'][string] => {
        const found = this.#first.get(row)?.get(id);
        return found === undefined ? null : { id: found, excerpt: excerptOf(texts.get(found)!) };
      };
      return {
        id,
        text: queries.get(id)!,
        relevant_count: relevant.length,
        relevant: relevant.slice(0, RELEVANT_EXCERPTS).map(([document, grade]) => {
          const text = texts.get(document)!;
          return { id: document, grade, bytes: Buffer.byteLength(text), excerpt: excerptOf(text) };
        }),
        measures: Object.fromEntries(rows.map((row) => [row, { ...perQuery[row]!.get(id)! }])),
        first: Object.fromEntries(rows.map((row) => [row, first(row)])),
      };
    });
  }
}

/** Writes the request into a new folder, or compares it with the one that is there. */
async function claim(folder: string, request: EvaluationRequest): Promise<void> {
  const path = join(folder, RECORD_FILES.request);
  const there: EvaluationRequest | undefined = await readJsonFile(path, z.record(z.string(), z.unknown()), {
    code: 'EVAL_FOLDER_MALFORMED',
    what: 'the request of an evaluation',
    remedy: 'take another folder, or delete this one',
  });
  if (there === undefined) return writeFileAtomically(path, Buffer.from(toJson(request), 'utf8'));
  // Through JSON, so that what it cannot say does not differ.
  const wanted = JSON.parse(JSON.stringify(request)) as EvaluationRequest;
  const keys = [...new Set([...Object.keys(there), ...Object.keys(wanted)])];
  const different = keys.filter((key) => !isDeepStrictEqual(there[key], wanted[key]));
  if (different.length === 0) return;
  const words = different.map((key) => `${key} (there ${JSON.stringify(there[key])}, asked ${JSON.stringify(wanted[key])})`);
  throw new UsageError(
    'EVAL_FOLDER_OTHER',
    `${folder} holds another evaluation: it differs in ${words.join(', ')}; give each evaluation a folder of its own`,
    { details: { folder, different } },
  );
}

/** The beginning of a text on one line. */
function excerptOf(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const characters = Array.from(line.slice(0, 2 * EXCERPT_CHARACTERS));
  return characters.length <= EXCERPT_CHARACTERS ? line : `${characters.slice(0, EXCERPT_CHARACTERS).join('').trimEnd()}…`;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
