import { UsageError } from '../../base/index.ts';
import { type BeirData, readBeir } from '../../data/index.ts';
import type { PairScorer } from '../../encoders/index.ts';
import {
  averageMeasures,
  type CandidateChoice,
  candidateTexts,
  measureRun,
  RETRIEVAL_MEASURES,
  readTrecRun,
} from '../../eval/index.ts';
import { compareRanked } from '../../search/index.ts';
import { Bm25Retriever, wholeDocuments } from '../../search/lexical/index.ts';
import type { DevMetrics, RerankerExamples } from '../../training/index.ts';

/** What rankings are made of. */
interface RankedSplit {
  readonly source: string;
  readonly split: string;
  readonly candidates: CandidateChoice;
  /** At most so many queries. */
  readonly queries?: number | undefined;
  /** A TREC run file; BM25 over the candidates where there is none. */
  readonly run?: string | undefined;
  readonly depth: number;
}

/** Queries of a split with their judgments, and the documents that a retriever has found for them. */
interface Rankings {
  readonly data: BeirData;
  /** Text by document id. */
  readonly texts: ReadonlyMap<string, string>;
  /** Ids by query, best first, each with a text. */
  readonly found: ReadonlyMap<string, readonly string[]>;
}

/** Queries of one call of BM25. */
const QUERIES_PER_SEARCH = 256;

/**
 * Reads a split, and ranks its candidates for each query by BM25 or as a run file says.
 *
 * @throws UsageError `RERANKER_RUN` for a run file that has no result for any of the queries; and as `readBeir` and `candidateTexts`
 */
export async function readRankings(
  { source, split, candidates, queries, run, depth }: RankedSplit,
  progress: (done: number, total: number) => void = () => {},
): Promise<Rankings> {
  const data = withQueries(await readBeir(source, split), queries);
  const texts = await candidateTexts(data, candidates);
  const found = run === undefined ? await rankByWords(data, texts, depth, progress) : await rankByFile(run, data, texts, depth);
  return { data, texts, found };
}

/** What a reranker is trained on: queries that have a relevant document with a text. */
export function examplesOf({ data, texts, found }: Rankings): RerankerExamples {
  const queries = [...data.qrels].flatMap(([id, judgments]) => {
    const positives = [...judgments].flatMap(([document, grade]) => (grade > 0 && texts.has(document) ? [document] : []));
    if (positives.length === 0) return [];
    return [{ text: data.queries.get(id)!, positives, candidates: found.get(id) ?? [] }];
  });
  return { queries, texts };
}

/** nDCG@10 of rankings whose first results a scorer has put into another order, and its share of what they have as they are. */
export async function measureReranked({ data, texts, found }: Rankings, scorer: PairScorer): Promise<DevMetrics> {
  const reranked = new Map<string, ReadonlyMap<string, number>>();
  for (const [query, ids] of found) {
    const scores = await scorer.scorePairs(
      data.queries.get(query)!,
      ids.map((id) => texts.get(id)!),
    );
    reranked.set(query, new Map(ids.map((id, place) => [id, scores[place]!])));
  }
  const before = ndcg(data, new Map(Array.from(found, ([query, ids]) => [query, new Map(ids.map((id, place) => [id, -place]))])));
  const value = ndcg(data, reranked);
  return { 'ndcg@10': value, retention: before === 0 ? 0 : value / before };
}

function ndcg({ qrels }: BeirData, run: ReadonlyMap<string, ReadonlyMap<string, number>>): number {
  const measures = RETRIEVAL_MEASURES.filter(({ name }) => name === 'ndcg_at_10');
  return averageMeasures(measureRun(run, qrels, measures, { complete: true }).values())['ndcg_at_10']!;
}

/** Evenly from the file. */
function withQueries(data: BeirData, count = data.qrels.size): BeirData {
  const judged = [...data.qrels];
  const step = Math.max(1, judged.length / count);
  const kept = Array.from({ length: Math.min(count, judged.length) }, (_, index) => judged[Math.floor(index * step)]!);
  return { ...data, qrels: new Map(kept) };
}

async function rankByWords(
  { qrels, queries }: BeirData,
  texts: ReadonlyMap<string, string>,
  depth: number,
  progress: (done: number, total: number) => void,
): Promise<Map<string, string[]>> {
  const retriever = await Bm25Retriever.create(wholeDocuments(texts));
  const ids = [...qrels.keys()];
  const found = new Map<string, string[]>();
  for (let start = 0; start < ids.length; start += QUERIES_PER_SEARCH) {
    const asked = ids.slice(start, start + QUERIES_PER_SEARCH);
    const hits = await retriever.search(
      asked.map((id) => queries.get(id)!),
      { k: depth },
    );
    asked.forEach((id, place) => {
      found.set(
        id,
        hits[place]!.map(({ document }) => document),
      );
    });
    progress(found.size, ids.length);
  }
  return found;
}

async function rankByFile(
  path: string,
  { qrels }: BeirData,
  texts: ReadonlyMap<string, string>,
  depth: number,
): Promise<Map<string, string[]>> {
  const run = await readTrecRun(path);
  const found = new Map<string, string[]>();
  for (const query of qrels.keys()) {
    const scores = run.get(query);
    if (scores === undefined) continue;
    const ranked = Array.from(scores, ([document, score]) => ({ document, score })).sort(compareRanked);
    found.set(
      query,
      ranked
        .map(({ document }) => document)
        .filter((document) => texts.has(document))
        .slice(0, depth),
    );
  }
  if (found.size > 0) return found;
  throw new UsageError('RERANKER_RUN', `${path} has results for none of the ${qrels.size} queries; it belongs to another split`, {
    details: { path },
  });
}
