import { CemError } from '../../base/index.ts';
import type { Filter, Hit, Retriever } from '../../search/index.ts';
import type { Measure, MeasureValues, Qrels } from '../measures/measures.ts';
import { averageMeasures, measureRanking } from '../measures/metrics.ts';
import { type ChosenWeights, chooseWeights, crossValidatedWeights, type JudgedRankings } from './choose-weights.ts';
import { type FusionSettings, fuseRecorded, type PartRankings, type PartWeights } from './fuse-recorded.ts';
import { type Latency, latencyOf } from './latency.ts';
import { compareModes, type ModeComparison } from './mode-comparison.ts';
import { type ModeQuery, type RecordedRankings, recordRankings } from './recorded-rankings.ts';
import type { PartName, RetrievalMode } from './retrieval-mode.ts';

/** Measures of a mode: `hit_at_k` is whether a relevant document is among the first k. */
const MODE_MEASURES: readonly Measure[] = [
  ...[1, 3, 5, 10].map((cutoff): Measure => ({ name: `hit_at_${cutoff}`, kind: 'success', cutoff })),
  ...[5, 10].map((cutoff): Measure => ({ name: `mrr_at_${cutoff}`, kind: 'reciprocalRank', cutoff })),
  { name: 'ndcg_at_10', kind: 'ndcg', cutoff: 10 },
  { name: 'recall_at_10', kind: 'recall', cutoff: 10 },
];
/** What modes are compared by. */
const COMPARED = 'ndcg_at_10';
/** Hits asked of each part for every result wanted, … */
const DEPTH_FACTOR = 4;
/** … and at least for `hybrid`, as a search does. */
const HYBRID_DEPTH = 100;
const MEASURED_DEPTH = 10;
const RERANKED = 50;
/** All queries together, beside their tags. */
export const ALL_QUERIES = 'all';

/** Where weights of fusions come from. */
export type WeightSource =
  | { readonly kind: 'method' }
  | { readonly kind: 'given'; readonly weights: PartWeights }
  | { readonly kind: 'cross-validation'; readonly folds?: number; readonly seed?: number }
  /** Chosen on other queries, of the same documents or of others. */
  | { readonly kind: 'chosen'; readonly on: string; readonly data: ModesData };

/** Documents as retrievers that find them, and judged queries. */
export interface ModesData {
  readonly parts: ReadonlyMap<PartName, Retriever>;
  readonly queries: readonly ModeQuery[];
  readonly qrels: Qrels;
}

export interface ModesInput extends ModesData {
  readonly modes: readonly RetrievalMode[];
  readonly weights?: WeightSource;
  readonly recallShares?: PartWeights;
  readonly rankConstant?: number;
  /** Results of a mode; 10 unless given. Each part of a fusion is asked for 4 times as many. */
  readonly k?: number;
  /** Conditions that a query states itself; every part searches with them. */
  readonly selfQuery?: (query: string) => Filter | undefined | Promise<Filter | undefined>;
  /** The text that vectors are asked with instead of the query (HyDE). */
  readonly hyde?: (query: string) => Promise<string>;
  /** Scores of documents for a query, best first or not, in the order of the documents. */
  readonly rerank?: (query: string, hits: readonly Hit[]) => Promise<readonly number[]>;
  /** How many of a mode's results are ranked anew; 50 unless given. */
  readonly rerankDepth?: number;
  /** Mode that the others are held against; bm25 where it is one of them, else the first. */
  readonly against?: string;
  readonly seed?: number;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** A mode's figures on the queries of a tag, or on all. */
interface TagFigures {
  readonly queries: number;
  readonly measures: MeasureValues;
}

/** What weights a fusion had: those of all queries, or of each fold. */
interface ModeWeights {
  /** In words: `the method's own`, `given`, `chosen on …`. */
  readonly chosen: string;
  readonly weights: readonly PartWeights[];
}

export interface ModesEvaluation {
  readonly queries: number;
  readonly filtered: number;
  readonly tags: readonly string[];
  /** Means by mode and tag. */
  readonly modes: Readonly<Record<string, Readonly<Record<string, TagFigures>>>>;
  readonly weights: Readonly<Record<string, ModeWeights>>;
  readonly comparisons: readonly ModeComparison[];
  /** Milliseconds for a query, by stage (`self-query`, `hyde`, a part's name, `fuse MODE`, `rerank MODE`) and by mode, all its stages one after the other. */
  readonly latency: { readonly stages: Readonly<Record<string, Latency>>; readonly modes: Readonly<Record<string, Latency>> };
}

/**
 * Measures ways of finding documents beside each other, on the same judged queries. Each part is asked each query once, by itself; fusions are made of what was found.
 *
 * @throws CemError `EVAL_NO_QUERIES`, `EVAL_MODE_NEEDS` (a mode with HyDE or reranking, and nothing that does it)
 */
export async function evaluateModes(input: ModesInput): Promise<ModesEvaluation> {
  if (input.queries.length === 0) throw new CemError('EVAL_NO_QUERIES', 'no query is judged; give judgments of at least one');
  assertModesPossible(input.modes, input);
  const { modes, qrels, k = MEASURED_DEPTH } = input;
  const stages = new Map<string, readonly number[]>();
  const queries = await withFilters(input, stages);
  const asked = await askParts(input, queries, k, stages);
  const judgments = queries.map(({ id }) => qrels.get(id) ?? new Map<string, number>());
  const weights: Record<string, ModeWeights> = {};
  const perQuery = new Map<string, MeasureValues[]>();
  const times = new Map<string, readonly number[]>();
  for (const mode of modes) {
    const rankings = partsOf(mode, asked, k);
    const fused = await fuse(mode, { rankings, judgments }, input, k);
    if (fused.weights) weights[mode.name] = fused.weights;
    if (mode.method !== undefined) stages.set(`fuse ${mode.name}`, fused.milliseconds);
    const final = mode.rerank ? await rerank(mode, fused.hits, queries, input, stages) : fused.hits;
    perQuery.set(
      mode.name,
      final.map((hits, place) =>
        measureRanking(
          hits.slice(0, k).map(({ document }) => document),
          judgments[place]!,
          MODE_MEASURES,
        ),
      ),
    );
    times.set(mode.name, totalTimes(mode, queries.length, stages));
  }
  const tags = [...new Set(queries.flatMap(({ tag }) => tag ?? []))];
  const baseline = input.against ?? (perQuery.has('bm25') ? 'bm25' : modes[0]!.name);
  return {
    queries: queries.length,
    filtered: queries.filter(({ filter }) => filter !== undefined).length,
    tags: [ALL_QUERIES, ...tags],
    modes: Object.fromEntries(Array.from(perQuery, ([name, values]) => [name, byTag(values, queries, tags)])),
    weights,
    comparisons: [...perQuery].flatMap(([name, values]) =>
      name === baseline
        ? []
        : [compareModes([name, values], [baseline, perQuery.get(baseline)!], COMPARED, { seed: input.seed ?? 0 })],
    ),
    latency: { stages: latencies(stages), modes: latencies(times) },
  };
}

/**
 * Holds modes against what there is to carry them out.
 *
 * @throws CemError `EVAL_MODE_NEEDS`
 */
export function assertModesPossible(
  modes: readonly RetrievalMode[],
  { hyde, rerank, against }: Readonly<Partial<Record<'hyde' | 'rerank' | 'against', unknown>>>,
): void {
  const names = modes.map(({ name }) => name);
  const needs = (mode: RetrievalMode | undefined, what: string): void => {
    if (mode === undefined) return;
    throw new CemError('EVAL_MODE_NEEDS', `${mode.name} needs ${what}, and there is none: leave the mode out, or give one`, {
      details: { mode: mode.name },
    });
  };
  if (hyde === undefined)
    needs(
      modes.find((mode) => mode.hyde),
      'a chat model that writes texts for queries',
    );
  if (rerank === undefined)
    needs(
      modes.find((mode) => mode.rerank),
      'a reranker',
    );
  if (against === undefined || names.includes(String(against))) return;
  throw new CemError('EVAL_MODE_NEEDS', `modes are held against ${String(against)}, which is none of them: ${names.join(', ')}`);
}

/** The queries with the conditions that they state. */
async function withFilters({ queries, selfQuery }: ModesInput, stages: Map<string, readonly number[]>): Promise<ModeQuery[]> {
  if (selfQuery === undefined) return [...queries];
  const milliseconds: number[] = [];
  const filtered: ModeQuery[] = [];
  for (const query of queries) {
    const start = performance.now();
    const filter = await selfQuery(query.text);
    milliseconds.push(performance.now() - start);
    filtered.push({ ...query, filter });
  }
  stages.set('self-query', milliseconds);
  return filtered;
}

/** Hits that parts are asked for, so that each of these modes has its own. */
function depthOf(modes: readonly Pick<RetrievalMode, 'method'>[], k: number): number {
  return modes.some(({ method }) => method === 'hybrid') ? Math.max(HYBRID_DEPTH, DEPTH_FACTOR * k) : DEPTH_FACTOR * k;
}

type Asked = ReadonlyMap<string, RecordedRankings>;

const askedName = (part: PartName, hyde: boolean): string => (hyde && part !== 'bm25' ? `hyde_${part}` : part);

/** Every part that a mode needs, asked with the queries or with the texts that were written for them. */
async function askParts(
  input: ModesInput,
  queries: readonly ModeQuery[],
  k: number,
  stages: Map<string, readonly number[]>,
): Promise<Asked> {
  const { modes, parts, hyde, onProgress } = input;
  const written = hyde && modes.some((mode) => mode.hyde) ? await writeTexts(queries, hyde, stages) : queries;
  const asked = new Map<string, RecordedRankings>();
  // A part by itself is measured at its own depth, and a fusion at that of fusions: what a reranker reads counts too.
  const depth = depthOf(modes, k);
  for (const mode of modes) {
    for (const part of mode.parts) {
      const name = askedName(part, mode.hyde);
      if (asked.has(name)) continue;
      const recorded = await recordRankings(parts.get(part)!, name === part ? queries : written, depth, (done, total) =>
        onProgress?.(`search (${name})`, done, total),
      );
      asked.set(name, recorded);
      stages.set(name, recorded.milliseconds);
    }
  }
  return asked;
}

async function writeTexts(
  queries: readonly ModeQuery[],
  hyde: (query: string) => Promise<string>,
  stages: Map<string, readonly number[]>,
): Promise<ModeQuery[]> {
  const milliseconds: number[] = [];
  const written: ModeQuery[] = [];
  for (const query of queries) {
    const start = performance.now();
    written.push({ ...query, text: await hyde(query.text) });
    milliseconds.push(performance.now() - start);
  }
  stages.set('hyde', milliseconds);
  return written;
}

/** What a mode is made of: others' depth is no concern of it. */
function partsOf({ method, parts, hyde }: RetrievalMode, asked: Asked, k: number): PartRankings {
  const depth = depthOf([{ method }], k);
  return new Map(
    parts.map((part) => [part, { hits: asked.get(askedName(part, hyde))!.hits.map((hits) => hits.slice(0, depth)) }]),
  );
}

interface Fused {
  /** [queries] */
  readonly hits: readonly (readonly Hit[])[];
  readonly milliseconds: readonly number[];
  readonly weights?: ModeWeights;
}

async function fuse(mode: RetrievalMode, judged: JudgedRankings, input: ModesInput, k: number): Promise<Fused> {
  const { rankings } = judged;
  const depth = mode.rerank ? Math.max(k, input.rerankDepth ?? RERANKED) : k;
  if (mode.method === undefined) {
    const { hits } = rankings.get(mode.parts[0]!)!;
    return { hits: hits.map((own) => own.slice(0, depth)), milliseconds: hits.map(() => 0) };
  }
  const settings = { method: mode.method, recallShares: input.recallShares ?? {}, rankConstant: input.rankConstant };
  const { weightsOf, ...weights } = await weightsFor(mode, settings, judged, input);
  const hits: Hit[][] = [];
  const milliseconds: number[] = [];
  for (const place of judged.judgments.keys()) {
    const start = performance.now();
    const [fused] = await fuseRecorded(rankings, { ...settings, weights: weightsOf(place) }, [place], depth);
    milliseconds.push(performance.now() - start);
    hits.push(fused!);
  }
  return { hits, milliseconds, weights };
}

async function weightsFor(
  mode: RetrievalMode,
  settings: Omit<FusionSettings, 'weights'>,
  judged: JudgedRankings,
  input: ModesInput,
): Promise<ModeWeights & { readonly weightsOf: (place: number) => PartWeights }> {
  const source = mode.method === 'dedup' ? { kind: 'method' as const } : (input.weights ?? { kind: 'method' as const });
  const value = ({ value: chosen, equal }: ChosenWeights): string =>
    `nDCG@10 there ${chosen.toFixed(4)}, with equal weights ${equal.toFixed(4)}`;
  switch (source.kind) {
    case 'method':
      return { chosen: "the method's own", weights: [{}], weightsOf: () => ({}) };
    case 'given':
      return { chosen: 'given', weights: [source.weights], weightsOf: () => source.weights };
    case 'cross-validation': {
      const { folds, foldOf } = await crossValidatedWeights(judged, settings, source);
      return {
        chosen: `chosen for each of ${folds.length} folds of these queries on the other folds`,
        weights: folds.map(({ weights }) => weights),
        weightsOf: (place) => folds[foldOf[place]!]!.weights,
      };
    }
    case 'chosen': {
      const chosen = await chooseWeights(await judgedRankings(mode, source.data, input), settings);
      return { chosen: `chosen on ${source.on} (${value(chosen)})`, weights: [chosen.weights], weightsOf: () => chosen.weights };
    }
  }
}

async function judgedRankings(
  mode: RetrievalMode,
  data: ModesData,
  { k = MEASURED_DEPTH, hyde, selfQuery, onProgress }: ModesInput,
): Promise<JudgedRankings> {
  const rankings = new Map<PartName, RecordedRankings>();
  const queries = await withFilters({ ...data, modes: [], ...(selfQuery && { selfQuery }) }, new Map());
  const written = mode.hyde && hyde ? await writeTexts(queries, hyde, new Map()) : queries;
  for (const part of mode.parts) {
    const texts = part === 'bm25' ? queries : written;
    rankings.set(
      part,
      await recordRankings(data.parts.get(part)!, texts, depthOf([mode], k), (done, total) =>
        onProgress?.(`choose weights (${part})`, done, total),
      ),
    );
  }
  return { rankings, judgments: data.queries.map(({ id }) => data.qrels.get(id) ?? new Map()) };
}

async function rerank(
  mode: RetrievalMode,
  found: readonly (readonly Hit[])[],
  queries: readonly ModeQuery[],
  { rerank: scores, rerankDepth = RERANKED, onProgress }: ModesInput,
  stages: Map<string, readonly number[]>,
): Promise<Hit[][]> {
  const milliseconds: number[] = [];
  const reranked: Hit[][] = [];
  for (const [place, hits] of found.entries()) {
    const read = hits.slice(0, rerankDepth);
    const start = performance.now();
    const values = await scores!(queries[place]!.text, read);
    milliseconds.push(performance.now() - start);
    const order = [...read.keys()].sort((left, right) => values[right]! - values[left]! || left - right);
    reranked.push([...order.map((index) => ({ ...read[index]!, score: values[index]! })), ...hits.slice(rerankDepth)]);
    onProgress?.(`rerank (${mode.name})`, place + 1, found.length);
  }
  stages.set(`rerank ${mode.name}`, milliseconds);
  return reranked;
}

/** What a query of a mode takes: its stages one after the other. */
function totalTimes(mode: RetrievalMode, count: number, stages: ReadonlyMap<string, readonly number[]>): number[] {
  const names = [
    'self-query',
    ...(mode.hyde ? ['hyde'] : []),
    ...mode.parts.map((part) => askedName(part, mode.hyde)),
    `fuse ${mode.name}`,
    `rerank ${mode.name}`,
  ];
  return Array.from({ length: count }, (_, place) => names.reduce((sum, name) => sum + (stages.get(name)?.[place] ?? 0), 0));
}

function byTag(
  values: readonly MeasureValues[],
  queries: readonly ModeQuery[],
  tags: readonly string[],
): Record<string, TagFigures> {
  const figures = (of: readonly MeasureValues[]): TagFigures => ({ queries: of.length, measures: averageMeasures(of) });
  return {
    [ALL_QUERIES]: figures(values),
    ...Object.fromEntries(tags.map((tag) => [tag, figures(values.filter((_, place) => queries[place]!.tag === tag))])),
  };
}

function latencies(times: ReadonlyMap<string, readonly number[]>): Record<string, Latency> {
  return Object.fromEntries(Array.from(times, ([name, milliseconds]) => [name, latencyOf(milliseconds)]));
}
