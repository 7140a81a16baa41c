/** What is measured of one ranking. `cutoff` undefined: over the whole ranking. */
export interface Measure {
  readonly name: string;
  readonly kind: MeasureKind;
  readonly cutoff?: number;
}

type MeasureKind = 'ndcg' | 'map' | 'recall' | 'precision' | 'success' | 'reciprocalRank';

/** Values by measure name. */
export type MeasureValues = Readonly<Record<string, number>>;

/** Grades by document id; 1 and above is relevant. */
export type Judgments = ReadonlyMap<string, number>;

/** Judgments by query id. */
export type Qrels = ReadonlyMap<string, Judgments>;

function atCutoffs(kind: MeasureKind, prefix: string, cutoffs: readonly number[]): Measure[] {
  return cutoffs.map((cutoff) => ({ name: `${prefix}${cutoff}`, kind, cutoff }));
}

/** trec_eval's names and default-like cutoffs, as `cem metrics` prints them. */
export const TREC_MEASURES: readonly Measure[] = [
  ...atCutoffs('precision', 'P_', [1, 3, 5, 10, 20]),
  { name: 'map', kind: 'map' },
  ...atCutoffs('map', 'map_cut_', [1, 3, 5, 10, 20, 100]),
  ...atCutoffs('ndcg', 'ndcg_cut_', [1, 3, 5, 10, 20, 100]),
  ...atCutoffs('recall', 'recall_', [1, 3, 5, 10, 20, 100]),
  { name: 'recip_rank', kind: 'reciprocalRank' },
  ...atCutoffs('success', 'success_', [1, 5, 10]),
];

const RETRIEVAL_CUTOFFS = [1, 3, 5, 10, 20, 100, 1000];

/** MTEB's names and cutoffs, as evaluations report them, and trec_eval's success beside them. */
export const RETRIEVAL_MEASURES: readonly Measure[] = [
  ...atCutoffs('ndcg', 'ndcg_at_', RETRIEVAL_CUTOFFS),
  ...atCutoffs('map', 'map_at_', RETRIEVAL_CUTOFFS),
  ...atCutoffs('recall', 'recall_at_', RETRIEVAL_CUTOFFS),
  ...atCutoffs('precision', 'precision_at_', RETRIEVAL_CUTOFFS),
  ...atCutoffs('reciprocalRank', 'mrr_at_', RETRIEVAL_CUTOFFS),
  ...atCutoffs('success', 'success_at_', [1, 5, 10]),
];
