import assert from 'node:assert/strict';
import { type FusionInput, type FusionPart, FusionRetriever, type Hit, hybridFusion } from '../../search/index.ts';
import { type RecordedRankings, recordedRetriever } from './recorded-rankings.ts';
import type { FusionMethodName, PartName } from './retrieval-mode.ts';

/** Weights by part; parts that are not named have the method's own. */
export type PartWeights = Readonly<Partial<Record<PartName, number>>>;

export interface FusionSettings {
  readonly method: FusionMethodName;
  readonly weights: PartWeights;
  /** Recall filter by part: `FusionOptions.recallShares`. */
  readonly recallShares: PartWeights;
  /** Constant of `rrf`; 60 unless given. */
  readonly rankConstant?: number | undefined;
}

/** Rankings of parts, over the same queries. */
export type PartRankings = ReadonlyMap<PartName, Pick<RecordedRankings, 'hits'>>;

/**
 * Fuses recorded rankings of these queries by `FusionRetriever`, with everything that was recorded of each.
 *
 * @param places which of the queries
 * @param k results of each
 */
export async function fuseRecorded(
  rankings: PartRankings,
  { method, weights, recallShares, rankConstant }: FusionSettings,
  places: readonly number[],
  k: number,
): Promise<Hit[][]> {
  const parts: FusionPart[] = Array.from(rankings, ([name, recorded]) => ({
    retriever: recordedRetriever(name, recorded),
    kind: name === 'bm25' ? 'lexical' : 'vector',
  }));
  const depth = Math.max(k, ...Array.from(rankings.values(), ({ hits }) => Math.max(1, ...hits.map(({ length }) => length))));
  const own = (values: PartWeights): Record<string, number> =>
    Object.fromEntries(Object.entries(values).filter(([name]) => rankings.has(name as PartName)));
  const shared = { depth: { hits: depth }, recallShares: own(recallShares) };
  const vectors = [...rankings.keys()].find((name) => name !== 'bm25') ?? 'dense';
  const options: FusionInput =
    method === 'hybrid'
      ? { ...hybridOptions(vectors, own(weights)), ...shared }
      : method === 'dedup'
        ? { method, ...shared }
        : method === 'rrf'
          ? { method, weights: own(weights), ...(rankConstant !== undefined && { rankConstant }), ...shared }
          : { method, weights: own(weights), ...shared };
  const fused = await new FusionRetriever(parts, options).search(places.map(String), { k });
  assert.equal(fused.length, places.length);
  return fused;
}

/** What a hybrid search does, with these weights where there are any: of a ratio alone, the words' is 1. */
function hybridOptions(vectors: PartName, weights: Readonly<Record<string, number>>): FusionInput {
  const fusion = hybridFusion('bm25', vectors);
  return fusion.method === 'weighted-scores' ? { ...fusion, weights: { ...fusion.weights, ...weights } } : fusion;
}
