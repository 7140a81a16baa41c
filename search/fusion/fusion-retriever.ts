import assert from 'node:assert/strict';
import { UsageError } from '../../base/index.ts';
import { checkFilter } from '../filter-schema.ts';
import { assertResultCount } from '../rank-order.ts';
import type { Hit, Retriever, SearchOptions } from '../retriever.ts';
import { scoredPassages } from '../scoring.ts';
import { allOrNone } from './all-or-none.ts';
import { type FusedHit, fuseRankings } from './fuse-rankings.ts';
import { type FusionInput, type FusionOptions, parseFusionOptions } from './fusion-options.ts';
import { aboveShare } from './recall-filter.ts';

/** One of the retrievers that a fusion is made of. */
export interface FusionPart {
  readonly retriever: Retriever;
  /** Ranks by words or by vectors: what the weighted methods' default weights go by. */
  readonly kind?: 'lexical' | 'vector';
}

/** Weights of the lexical and the dense retriever in the weighted methods, as the requirements have them. */
const KIND_WEIGHTS = { lexical: 0.3, vector: 0.7 } as const;

interface WeightedPart {
  readonly retriever: Retriever;
  readonly weight: number;
  readonly floor: number | undefined;
  readonly recallShare: number;
}

/** What one part found: its hits for each query, and for which queries it said that nothing can be ranked by them, and why. */
interface PartResult {
  readonly hits: readonly (readonly Hit[])[];
  readonly reasons: ReadonlyMap<number, string>;
}

/**
 * A retriever made of others, whose rankings are fused by document ({@link fuseRankings}). Filter and scoring go to each of them (invariant 7), and all search at once;
 * where one fails the others are stopped, and the search fails with its error. A query is unsearchable when it is so for every one of them.
 */
export class FusionRetriever implements Retriever {
  readonly name: string;
  readonly options: FusionOptions;
  readonly #parts: readonly WeightedPart[];

  /**
   * @param parts in the order that `dedup` goes by; the method alone is its name unless given
   * @throws UsageError `FUSION_OPTIONS`, `FUSION_PARTS` (none, two of one name, or one without a weight)
   */
  constructor(parts: readonly FusionPart[], options: FusionInput = { method: 'rrf' }, name?: string) {
    const names = parts.map(({ retriever }) => retriever.name);
    checkNames(names);
    this.options = parseFusionOptions(options, names);
    this.name = name ?? this.options.method;
    this.#parts = parts.map((part) => ({
      retriever: part.retriever,
      weight: weightOf(part, this.options),
      floor: this.options.method === 'weighted-scores' ? ownNumber(this.options.floors, part.retriever.name) : undefined,
      recallShare: ownNumber(this.options.recallShares, part.retriever.name) ?? 0,
    }));
  }

  async search(queries: readonly string[], options: SearchOptions): Promise<FusedHit[][]> {
    const { k, filter, scoring, signal, onUnsearchable } = options;
    assertResultCount(k);
    checkFilter(filter);
    scoredPassages(scoring);
    const depth = depthFor(k, this.options);
    const searches = this.#parts.map(({ retriever }) => async (ownSignal: AbortSignal): Promise<PartResult> => {
      const reasons = new Map<number, string>();
      const tell = (query: number, reason: string): void => void reasons.set(query, reason);
      const hits = await retriever.search(queries, { k: depth, filter, scoring, signal: ownSignal, onUnsearchable: tell });
      assert.equal(hits.length, queries.length, `${retriever.name} gave the results of ${hits.length} queries`);
      return { hits, reasons };
    });
    const found = await allOrNone(searches, signal);
    return queries.map((_, query) => {
      if (found.every(({ reasons }) => reasons.has(query))) onUnsearchable?.(query, this.#joinedReason(found, query));
      const rankings = this.#parts.map(({ retriever, weight, floor, recallShare }, place) => ({
        retriever: retriever.name,
        weight,
        floor,
        hits: aboveShare(found[place]!.hits[query]!, recallShare),
      }));
      return fuseRankings(rankings, this.options, { k, name: this.name });
    });
  }

  #joinedReason(found: readonly PartResult[], query: number): string {
    return this.#parts.map(({ retriever }, place) => `${retriever.name}: ${found[place]!.reasons.get(query)}`).join('; ');
  }
}

function checkNames(names: readonly string[]): void {
  if (names.length === 0) throw new UsageError('FUSION_PARTS', 'a fusion is made of one retriever or more, and there is none');
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice === undefined) return;
  throw new UsageError(
    'FUSION_PARTS',
    `two retrievers of a fusion have the name ${JSON.stringify(twice)}; give each a name of its own`,
    { details: { name: twice } },
  );
}

function weightOf({ retriever, kind }: FusionPart, options: FusionOptions): number {
  if (options.method === 'dedup') return 1;
  const weight = ownNumber(options.weights, retriever.name) ?? (options.method === 'rrf' ? 1 : kind && KIND_WEIGHTS[kind]);
  if (weight !== undefined) return weight;
  throw new UsageError(
    'FUSION_PARTS',
    `fusion by ${options.method}: ${JSON.stringify(retriever.name)} has no weight; give it one in weights, or say whether its kind is lexical or vector`,
    { details: { name: retriever.name } },
  );
}

/** Retrievers may be named like what every object has: `constructor`. */
function ownNumber(values: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function depthFor(k: number, { depth }: FusionOptions): number {
  return 'factor' in depth ? depth.factor * k : Math.max(depth.hits, k);
}
