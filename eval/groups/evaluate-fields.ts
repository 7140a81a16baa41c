import assert from 'node:assert/strict';
import { bootstrapInterval, type Interval, randomizationTest } from '../comparison/significance.ts';
import type { Qrels } from '../measures/measures.ts';
import type { GroupSet } from './group-set.ts';
import { bestPlaces, ndcgOf } from './measure-scores.ts';
import { GROUP_SCORES, type GroupScore, scoreGroups } from './score-groups.ts';

/** Shares of the field's score beside the coarse one that are tried. */
const SHARES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const;

/** Groups of all queries and passages by one way of making them. */
export interface FieldContender {
  readonly name: string;
  readonly queries: GroupSet;
  readonly keys: GroupSet;
  /** Scores that have a row each. */
  readonly scores: readonly GroupScore[];
  /** Of a passage's group in the mean, where the keys are as they are stored. */
  readonly bytes?: number | undefined;
  /** One vector each in place of the input's, for candidates and sums; it has a row of its own under its name. */
  readonly coarse?: CoarseVectors | undefined;
}

/** One vector for each query, and one or several for each passage, of which the best counts. */
export interface CoarseVectors {
  readonly name: string;
  readonly queries: GroupSet;
  readonly keys: GroupSet;
}

export interface FieldInput {
  /** Ids in the order of the vectors; each query is judged. */
  readonly queries: readonly string[];
  readonly keys: readonly string[];
  readonly qrels: Qrels;
  /** What candidates are found by. */
  readonly coarse: CoarseVectors;
  readonly contenders: readonly FieldContender[];
  /** Passages that the coarse vectors find for a query and the field ranks anew. */
  readonly candidates: number;
  /** Best matches that the score `top_mean` counts. */
  readonly topPerQuery: number;
  readonly onProgress?: ((contender: string, done: number, total: number) => void) | undefined;
}

/** One ranking of all queries. */
export interface FieldRow {
  readonly name: string;
  /** Mean nDCG@10. */
  readonly ndcg: number;
  readonly perQuery: readonly number[];
  /** Of vectors: how many a query and a passage have in the mean, and how long they are. */
  readonly vectors: { readonly query: number; readonly key: number; readonly dimension: number };
  /** Of a passage's group in the mean, where it is ranked as it is stored. */
  readonly bytes?: number | undefined;
  /** Share of the field's score in a sum with the coarse one, chosen on the other half of the queries, for each half; absent: the field's alone. */
  readonly shares?: readonly [number, number] | undefined;
}

/** Second minus first. */
export interface FieldDifference {
  readonly first: string;
  readonly second: string;
  readonly difference: number;
  /** 95% bootstrap interval. */
  readonly interval: Interval;
  /** Two-sided paired randomisation test. */
  readonly p: number;
}

export interface FieldEvaluation {
  readonly queries: number;
  readonly keys: number;
  readonly candidates: number;
  /** The first row is that of the coarse vectors. */
  readonly rows: readonly FieldRow[];
}

/** Ranks the coarse vectors' candidates of each query by groups. Each score has two rows: by itself, and in a sum with the coarse cosine. */
export async function evaluateFields(input: FieldInput): Promise<FieldEvaluation> {
  const { queries, keys, qrels, topPerQuery } = input;
  const judgments = queries.map((id) => qrels.get(id)!);
  const rows: FieldRow[] = [];
  const rankedBy = new Map<CoarseVectors, CoarseRanking>();
  const rankingBy = async (coarse: CoarseVectors): Promise<CoarseRanking> => {
    const known = rankedBy.get(coarse);
    if (known !== undefined) return known;
    const cosines = await cosinesOf(coarse, queries.length, keys.length);
    const candidates =
      input.candidates < keys.length ? cosines.map((scores) => bestPlaces(scores, keys, input.candidates)) : undefined;
    const ranking: CoarseRanking = {
      cosines,
      ndcg: (query, scores) => ndcgOf(scores, keys, judgments[query]!, candidates?.[query]),
    };
    rankedBy.set(coarse, ranking);
    rows.push(
      rowOf(
        coarse.name,
        coarse,
        cosines.map((scores, query) => ranking.ndcg(query, scores)),
      ),
    );
    return ranking;
  };
  await rankingBy(input.coarse);
  for (const { name, scores: kinds, coarse = input.coarse, ...made } of input.contenders) {
    const { cosines, ndcg } = await rankingBy(coarse);
    /** [shares][queries] by score. */
    const mixed = new Map(kinds.map((kind) => [kind, SHARES.map(() => new Array<number>(queries.length).fill(0))]));
    await scoreGroups(made.queries, made.keys, topPerQuery, (query, scores) => {
      const vectors = made.queries.starts[query + 1]! - made.queries.starts[query]!;
      for (const kind of GROUP_SCORES) {
        const values = mixed.get(kind);
        if (values === undefined) continue;
        // A cosine in the mean, as the coarse score is one.
        const divisor = kind === 'sum' ? Math.max(1, vectors) : 1;
        SHARES.forEach((share, index) => {
          const sums = scores[kind].map((score, key) => (share * score) / divisor + (1 - share) * cosines[query]![key]!);
          values[index]![query] = ndcg(query, share === 1 ? scores[kind] : sums);
        });
      }
      input.onProgress?.(name, query + 1, queries.length);
    });
    for (const [kind, values] of mixed) {
      rows.push(rowOf(`${name}, ${kind}`, made, values.at(-1)!));
      const { shares, perQuery } = crossValidated(values);
      rows.push({ ...rowOf(`${name}, ${kind} + coarse`, made, perQuery), shares });
    }
  }
  return { queries: queries.length, keys: keys.length, candidates: Math.min(input.candidates, keys.length), rows };
}

/** What one vector each says of every query. */
interface CoarseRanking {
  /** [queries][keys] */
  readonly cosines: readonly Float32Array[];
  /** nDCG@10 of scores, over the candidates of a query. */
  ndcg(query: number, scores: Float32Array): number;
}

async function cosinesOf({ queries, keys }: CoarseVectors, asked: number, known: number): Promise<Float32Array[]> {
  assert(queries.size === asked && keys.size === known, 'a vector for each id');
  const cosines: Float32Array[] = [];
  await scoreGroups(queries, keys, 1, (query, { sum }) => {
    cosines[query] = sum;
  });
  return cosines;
}

/** The difference of two rows with its paired test. */
export function fieldDifference(first: FieldRow, second: FieldRow): FieldDifference {
  const differences = second.perQuery.map((value, query) => value - first.perQuery[query]!);
  return {
    first: first.name,
    second: second.name,
    difference: mean(differences),
    interval: bootstrapInterval(differences),
    p: randomizationTest(differences).p,
  };
}

/** Each half of the queries (every other one) with the share that is best on the other half. */
function crossValidated(values: readonly (readonly number[])[]): {
  readonly shares: readonly [number, number];
  readonly perQuery: number[];
} {
  const bestWithout = (half: number) => {
    const means = values.map((perQuery) => mean(perQuery.filter((_, query) => query % 2 !== half)));
    return means.indexOf(Math.max(...means));
  };
  const chosen = [bestWithout(0), bestWithout(1)] as const;
  return {
    shares: [SHARES[chosen[0]]!, SHARES[chosen[1]]!],
    perQuery: values[0]!.map((_, query) => values[chosen[query % 2]!]![query]!),
  };
}

function rowOf(
  name: string,
  { queries, keys, bytes }: { readonly queries: GroupSet; readonly keys: GroupSet; readonly bytes?: number | undefined },
  perQuery: readonly number[],
): FieldRow {
  const size = ({ starts, size: count }: GroupSet) => starts[count]! / Math.max(1, count);
  return {
    name,
    ndcg: mean(perQuery),
    perQuery,
    vectors: { query: size(queries), key: size(keys), dimension: keys.dimension },
    ...(bytes !== undefined && { bytes }),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
