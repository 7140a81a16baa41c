import assert from 'node:assert/strict';
import { RandomNumbers } from '../../base/index.ts';
import { type ChosenFusion, LEXICAL, VECTORS } from '../../rag/index.ts';
import {
  type FusionInput,
  FusionRetriever,
  fusionSchema,
  type Hit,
  HYBRID_VECTOR_WEIGHT,
  hybridFusion,
  type Retriever,
} from '../../search/index.ts';
import { shuffled } from './tuning-queries.ts';

/** A query with what each retriever found for it, and the hits that answer it. */
export interface TuningQuery {
  readonly words: readonly Hit[];
  readonly vectors: readonly Hit[];
  /** Names of what answers it. */
  readonly gold: ReadonlySet<string>;
  /** Names of a document: its own, its file's. */
  readonly namesOf: (document: string) => readonly string[];
}

const CUTOFF = 10;
/** Weights of vectors beside words. */
const WEIGHTS = [HYBRID_VECTOR_WEIGHT, 0.1, 0.3, 0.5, 0.05, 0.75, 1, 1.5, 2, 3, 5, 10] as const;
/** Share of the best score below which a retriever's hits are dropped before ranks are fused, as the requirements have it (S2-10). */
const RECALL_SHARE = 0.8;
const FOLDS = 5;

/** Sentences of the texts themselves are what words find best: vectors get the most weight, to this one, … */
const MOST_FOR_SENTENCES = 0.5;
/** … that costs the words' nDCG@10 no larger share there. Both were chosen on XQuAD in English, techdocs dev and law-zh. */
const TOLERANCE = 0.01;

/** A way to search. */
interface Candidate {
  readonly retrievers: ChosenFusion['retrievers'];
  readonly fusion?: FusionInput;
  /** Of the vectors; 0 for words alone. */
  readonly weight: number;
}

const WORDS_ALONE: Candidate = { retrievers: 'bm25', weight: 0 };

function hybrid(weight: number): Candidate {
  return { retrievers: 'hybrid', fusion: hybridFusion(LEXICAL, VECTORS, weight), weight };
}

function byRanks(weight: number): Candidate {
  const recallShares = { [LEXICAL]: RECALL_SHARE, [VECTORS]: RECALL_SHARE };
  return { retrievers: 'hybrid', fusion: { method: 'rrf', weights: { [LEXICAL]: 1, [VECTORS]: weight }, recallShares }, weight };
}

/**
 * Chooses for judged questions the way to search with the best mean nDCG@10: scores or ranks fused, by weights of a grid, or words alone. What is chosen so must hold on questions that it was not chosen on: where its mean over
 * five folds, each with what is chosen on the others, is below that of the fusion that nobody chose, it is that one, and where words alone are better still, they.
 */
export async function chooseByQuestions(queries: readonly TuningQuery[], units: number, seed = 0): Promise<ChosenFusion> {
  const candidates = [...WEIGHTS.map(hybrid), WORDS_ALONE, ...WEIGHTS.map(byRanks)];
  const values = await Promise.all(candidates.map((candidate) => measure(candidate, queries)));
  const all = [...queries.keys()];
  const foldOf = deal(queries.length, seed);
  const held = all.map((place) => {
    const others = all.filter((other) => foldOf[other] !== foldOf[place]);
    return values[best(values, others.length === 0 ? all : others)]![place]!;
  });
  const crossValidated = mean(held);
  const words = mean(values[candidates.indexOf(WORDS_ALONE)]!);
  // The first of the grid is what is used where nothing is chosen.
  const unchosen = mean(values[0]!);
  const place =
    crossValidated >= Math.max(words, unchosen) ? best(values, all) : words > unchosen ? candidates.indexOf(WORDS_ALONE) : 0;
  return chosenOf(candidates[place]!, {
    kind: 'questions',
    queries: queries.length,
    units,
    words,
    vectors: mean(measureVectors(queries)),
    chosen: mean(values[place]!),
    crossValidated,
  });
}

/** Chooses on words of sentences, each to find the text that it stands in: the most that vectors may count so that they cost these queries, which words answer best, next to nothing; words alone where every weight does. */
export async function chooseBySentences(queries: readonly TuningQuery[], units: number): Promise<ChosenFusion> {
  const words = mean(await measure(WORDS_ALONE, queries));
  let chosen = { candidate: WORDS_ALONE, value: words };
  for (const weight of WEIGHTS) {
    if (weight > MOST_FOR_SENTENCES || weight < chosen.candidate.weight) continue;
    const candidate = hybrid(weight);
    const value = mean(await measure(candidate, queries));
    if (value >= words * (1 - TOLERANCE)) chosen = { candidate, value };
  }
  const vectors = mean(measureVectors(queries));
  return chosenOf(chosen.candidate, { kind: 'sentences', queries: queries.length, units, words, vectors, chosen: chosen.value });
}

function chosenOf({ retrievers, fusion }: Candidate, chosenOn: ChosenFusion['chosenOn']): ChosenFusion {
  return { retrievers, ...(fusion && { fusion: fusionSchema.parse(fusion) }), chosenOn };
}

/** nDCG@10 of each query. */
async function measure({ fusion }: Candidate, queries: readonly TuningQuery[]): Promise<number[]> {
  if (fusion === undefined) return queries.map((query) => ndcg(query.words, query));
  const parts = [
    { retriever: recorded(LEXICAL, queries, ({ words }) => words) },
    { retriever: recorded(VECTORS, queries, ({ vectors }) => vectors) },
  ];
  const places = queries.map((_, place) => String(place));
  const found = await new FusionRetriever(parts, fusion).search(places, { k: CUTOFF });
  return found.map((hits, place) => ndcg(hits, queries[place]!));
}

function measureVectors(queries: readonly TuningQuery[]): number[] {
  return queries.map((query) => ndcg(query.vectors, query));
}

function recorded(name: string, queries: readonly TuningQuery[], hitsOf: (query: TuningQuery) => readonly Hit[]): Retriever {
  return { name, search: async (places, { k }) => places.map((place) => hitsOf(queries[Number(place)]!).slice(0, k)) };
}

/** Of relevance 0 or 1; what answers counts once, at its first hit. */
export function ndcg(hits: readonly Pick<Hit, 'document'>[], { gold, namesOf }: Pick<TuningQuery, 'gold' | 'namesOf'>): number {
  const seen = new Set<string>();
  let gain = 0;
  for (const [place, { document }] of hits.slice(0, CUTOFF).entries()) {
    const name = namesOf(document).find((one) => gold.has(one));
    if (name === undefined || seen.has(name)) continue;
    seen.add(name);
    gain += 1 / Math.log2(place + 2);
  }
  let ideal = 0;
  for (let place = 0; place < Math.min(CUTOFF, gold.size); place++) ideal += 1 / Math.log2(place + 2);
  return ideal === 0 ? 0 : gain / ideal;
}

/** The first row with the largest mean at these places. */
function best(values: readonly (readonly number[])[], places: readonly number[]): number {
  const means = values.map((row) => mean(places.map((place) => row[place]!)));
  const most = Math.max(...means);
  return means.findIndex((value) => value > most - 1e-9);
}

/** Deals queries into folds. */
function deal(count: number, seed: number): number[] {
  const order = shuffled(count, new RandomNumbers(seed, 'folds of questions'));
  const folds = new Array<number>(count).fill(0);
  for (const [index, place] of order.entries()) folds[place] = index % Math.min(FOLDS, count);
  return folds;
}

function mean(values: readonly number[]): number {
  assert.ok(values.length > 0);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
