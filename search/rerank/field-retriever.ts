import { CemError } from '../../base/index.ts';
import type { QueryGroupEncoder, VectorGroup } from '../../encoders/index.ts';
import type { InnerProducts } from '../exact/inner-products.ts';
import { assertResultCount, compareRanked } from '../rank-order.ts';
import type { Hit, Retriever, SearchOptions } from '../retriever.ts';
import { createGroupScorer, type GroupScorer, type GroupScorerInput } from './group-scorer.ts';
import { matchGroups, scoreGroups } from './score-groups.ts';

/** Candidates of the coarse search unless something else is said. */
export const FIELD_CANDIDATES = 300;

/** Whose group it is. */
export type GroupKey = Required<Pick<Hit, 'document' | 'chunk' | 'passage'>>;

/** Groups of passages by their place. */
export interface GroupSource {
  /**
   * [keys.length]; undefined where a passage has none.
   *
   * @param words whether the rows' words are wanted, too
   */
  groupsOf(
    keys: readonly GroupKey[],
    options?: { readonly words?: boolean | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<readonly (VectorGroup | undefined)[]>;
}

export interface FieldRetrieverOptions {
  /** How groups are scored; the mean of the best three matches unless given. */
  readonly scorer?: GroupScorerInput | undefined;
  /** Hits of the coarse search that are ranked anew, unless k is more; 300 unless given. */
  readonly candidates?: number | undefined;
  readonly innerProducts?: InnerProducts | undefined;
  /** What was said before the query: its group is made of both. */
  readonly context?: string | undefined;
  /** Whether hits say how their scores came about. */
  readonly explain?: boolean | undefined;
  readonly name?: string | undefined;
}

/** What one of the query's vectors found in a passage. */
export interface FieldMatch {
  /** Its word, where it is known. */
  readonly query?: string;
  /** The word of the passage's vector that matches it best, where it is known. */
  readonly passage?: string;
  /** Place of that vector in the passage's group. */
  readonly match: number;
  readonly score: number;
  /** Whether it counts in the hit's score. */
  readonly used: boolean;
}

/** A hit with the score that the coarse search gave it. */
export interface FieldHit extends Hit {
  readonly coarseScore: number;
  /** [query vectors], in the query's order; there where it was asked for. */
  readonly matches?: readonly FieldMatch[];
}

/**
 * Ranks the hits of a coarse search anew, by the vector groups of query and passages. Filters and labels of access are the coarse search's (invariant 7): groups are loaded for its hits only.
 */
export class FieldRetriever implements Retriever {
  readonly name: string;
  readonly #coarse: Retriever;
  readonly #groups: GroupSource;
  readonly #encoder: QueryGroupEncoder;
  readonly #scorer: GroupScorer;
  readonly #options: FieldRetrieverOptions;

  /** @throws UsageError `GROUP_SCORER` */
  constructor(coarse: Retriever, groups: GroupSource, encoder: QueryGroupEncoder, options: FieldRetrieverOptions = {}) {
    this.name = options.name ?? 'field';
    this.#coarse = coarse;
    this.#groups = groups;
    this.#encoder = encoder;
    this.#options = options;
    this.#scorer = createGroupScorer(options.scorer ?? { scorer: 'field' });
  }

  /** @throws CemError `GROUPS_MISSING` where a candidate has no group, `GROUP_DIMENSION`; and as the coarse retriever */
  async search(queries: readonly string[], options: SearchOptions): Promise<FieldHit[][]> {
    const { k, signal } = options;
    assertResultCount(k);
    const { candidates = FIELD_CANDIDATES, innerProducts, explain = false } = this.#options;
    // One after the other: where the first fails, nothing of the second may be left running.
    const coarse = await this.#coarse.search(queries, { ...options, k: Math.max(k, candidates) });
    const encoded = await this.#encode(queries, signal);
    const results: FieldHit[][] = [];
    for (const [place, hits] of coarse.entries()) {
      const groups = await this.#load(hits, { signal });
      const scores = await scoreGroups(encoded[place]!, groups, { scorer: this.#scorer, innerProducts, signal });
      const ranked = hits.map((hit, index) => ({
        ...hit,
        score: scores[index]!,
        coarseScore: hit.score,
        retriever: this.name,
      }));
      const best = ranked.sort(compareRanked).slice(0, k);
      results.push(explain ? await this.#explain(encoded[place]!, best, signal) : best);
    }
    return results;
  }

  /** The hits with how their scores came about: groups with their words are loaded for these alone. */
  async #explain(query: VectorGroup, hits: readonly FieldHit[], signal: AbortSignal | undefined): Promise<FieldHit[]> {
    const groups = await this.#load(hits, { words: true, signal });
    return hits.map((hit, place) => {
      const { words } = groups[place]!;
      const { best } = matchGroups(query, groups[place]!, this.#scorer);
      const matches = best.map((match, row) => ({
        ...(query.words && { query: query.words[row]! }),
        ...(words && { passage: words[match.match]! }),
        ...match,
      }));
      return { ...hit, matches };
    });
  }

  async #encode(queries: readonly string[], signal: AbortSignal | undefined): Promise<VectorGroup[]> {
    const encoded = await this.#encoder.encodeQueryGroups(
      queries.map((text) => ({ text, context: this.#options.context })),
      signal,
    );
    return encoded.map(({ group }) => group);
  }

  async #load(
    hits: readonly Pick<Hit, 'document' | 'chunk' | 'passage'>[],
    options: { readonly words?: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<VectorGroup[]> {
    const keys = hits.map(({ document, chunk = 0, passage = 0 }) => ({ document, chunk, passage }));
    const groups = await this.#groups.groupsOf(keys, options);
    const missing = groups.indexOf(undefined);
    if (missing < 0) return groups as VectorGroup[];
    const { document } = keys[missing]!;
    throw new CemError(
      'GROUPS_MISSING',
      `${groups.filter((group) => group === undefined).length} of ${groups.length} candidates have no vector group (${JSON.stringify(document)} is one): ingest their files into a collection with \`cem ingest --groups\`, or search without --field`,
      { details: { document } },
    );
  }
}
