import { CemError } from '../../base/index.ts';
import { compareRanked, type Hit, type Retriever, type Scoring } from '../../search/index.ts';
import { type MeasureValues, type Qrels, RETRIEVAL_MEASURES } from './measures.ts';
import { averageMeasures, measureRanking } from './metrics.ts';

/** The largest cutoff that is measured. */
const DEFAULT_DEPTH = 1000;

/** Queries searched at once: bounds how many hits are held. */
const QUERY_BATCH = 256;

export interface EvaluationInput {
  /** Documents that the retrievers rank. */
  readonly ids: readonly string[];
  /** Text by query id; those without judgments are not searched. */
  readonly queries: ReadonlyMap<string, string>;
  readonly qrels: Qrels;
  /** What is compared, each under its own name. */
  readonly retrievers: readonly Retriever[];
  /** Results asked for a query, 1000 unless given. */
  readonly depth?: number;
  /** Drops a result whose id is the query's own, as published figures of ArguAna and Quora do; off unless given. */
  readonly dropOwnId?: boolean;
  /** How a document's score comes from those of its passages; that of the best one unless given. */
  readonly scoring?: Scoring | undefined;
  readonly onProgress?: (retriever: string, done: number, total: number) => void;
  /** Called with the rankings of some queries at a time, as they were measured; the next are searched when it is done. */
  readonly onRankings?: (retriever: string, rankings: readonly QueryRanking[]) => Promise<void>;
}

/** The results of one query, best first. */
export interface QueryRanking {
  readonly query: string;
  readonly hits: readonly Hit[];
}

interface EvaluationRow {
  readonly name: string;
  /** Means over all judged queries; one without results counts as 0 (trec_eval's -c). */
  readonly average: MeasureValues;
  readonly perQuery: ReadonlyMap<string, MeasureValues>;
  readonly queriesWithoutResults: number;
  /** Wall time of all searches, encoding of queries included. */
  readonly seconds: number;
}

export interface Evaluation {
  readonly documents: number;
  readonly queries: number;
  /** Relevant documents that no retriever could find, being no candidates. */
  readonly relevantNotCandidates: number;
  /** Queries whose text is empty or white space. They are not searched: nothing is right for them, and each counts as 0 in the means. */
  readonly queriesWithoutText: number;
  /** Queries whose id is a candidate's too: with `dropOwnId` that candidate is left out of their rankings. */
  readonly queriesThatAreCandidates: number;
  readonly rows: readonly EvaluationRow[];
}

/**
 * Ranks the documents for every judged query with every retriever, and measures the rankings. It knows nothing of what the documents are.
 *
 * @throws CemError `EVAL_NO_QUERIES`, `EVAL_UNKNOWN_QUERY` (judged, but without text), `EVAL_DUPLICATE_NAME`, `EVAL_UNKNOWN_DOCUMENT`
 *   (a retriever gave what is no candidate), and what the retrievers throw
 */
export async function evaluate(input: EvaluationInput): Promise<Evaluation> {
  const queries = judgedQueries(input);
  const candidates = new Set(input.ids);
  const names = new Set<string>();
  const rows: EvaluationRow[] = [];
  for (const retriever of input.retrievers) {
    if (names.has(retriever.name)) {
      throw new CemError(
        'EVAL_DUPLICATE_NAME',
        `two retrievers are called ${JSON.stringify(retriever.name)}; give each its own name`,
      );
    }
    names.add(retriever.name);
    rows.push(await evaluateRetriever(retriever, queries, candidates, input));
  }
  return {
    documents: input.ids.length,
    queries: queries.length,
    relevantNotCandidates: countRelevantOutside(input.qrels, candidates),
    queriesWithoutText: queries.filter((query) => !hasText(query)).length,
    queriesThatAreCandidates: queries.filter(({ id }) => candidates.has(id)).length,
    rows,
  };
}

interface JudgedQuery {
  readonly id: string;
  readonly text: string;
}

function hasText({ text }: JudgedQuery): boolean {
  return text.trim() !== '';
}

function judgedQueries({ queries, qrels }: EvaluationInput): JudgedQuery[] {
  if (qrels.size === 0) throw new CemError('EVAL_NO_QUERIES', 'no query is judged; give judgments of at least one');
  return Array.from(qrels.keys(), (id) => {
    const text = queries.get(id);
    if (text !== undefined) return { id, text };
    throw new CemError(
      'EVAL_UNKNOWN_QUERY',
      `query ${JSON.stringify(id)} is judged but has no text; add it to the queries or drop its judgments`,
      {
        details: { id },
      },
    );
  });
}

async function evaluateRetriever(
  retriever: Retriever,
  queries: readonly JudgedQuery[],
  candidates: ReadonlySet<string>,
  input: EvaluationInput,
): Promise<EvaluationRow> {
  const depth = input.depth ?? DEFAULT_DEPTH;
  const perQuery = new Map<string, MeasureValues>();
  let queriesWithoutResults = 0;
  let seconds = 0;
  for (let first = 0; first < queries.length; first += QUERY_BATCH) {
    const batch = queries.slice(first, first + QUERY_BATCH);
    const asked = batch.filter(hasText);
    const start = performance.now();
    const texts = asked.map(({ text }) => text);
    const found =
      texts.length === 0 ? [] : await retriever.search(texts, { k: input.dropOwnId ? depth + 1 : depth, scoring: input.scoring });
    seconds += (performance.now() - start) / 1000;
    const results = new Map(asked.map(({ id }, index) => [id, found[index]!]));
    const rankings: QueryRanking[] = [];
    for (const query of batch) {
      const hits = (results.get(query.id) ?? []).filter((hit) => !(input.dropOwnId && hit.document === query.id));
      const ranking = hits.sort(compareRanked).slice(0, depth);
      const stranger = ranking.find(({ document }) => !candidates.has(document));
      if (stranger) {
        throw new CemError(
          'EVAL_UNKNOWN_DOCUMENT',
          `${retriever.name} returned ${JSON.stringify(stranger.document)}, which is no candidate`,
          {
            details: { id: stranger.document, retriever: retriever.name },
          },
        );
      }
      if (ranking.length === 0) queriesWithoutResults++;
      rankings.push({ query: query.id, hits: ranking });
      const ids = ranking.map(({ document }) => document);
      perQuery.set(query.id, measureRanking(ids, input.qrels.get(query.id)!, RETRIEVAL_MEASURES));
    }
    await input.onRankings?.(retriever.name, rankings);
    input.onProgress?.(retriever.name, first + batch.length, queries.length);
  }
  return { name: retriever.name, average: averageMeasures(perQuery.values()), perQuery, queriesWithoutResults, seconds };
}

function countRelevantOutside(qrels: Qrels, candidates: ReadonlySet<string>): number {
  const outside = new Set<string>();
  for (const judgments of qrels.values()) {
    for (const [id, grade] of judgments) if (grade > 0 && !candidates.has(id)) outside.add(id);
  }
  return outside.size;
}
