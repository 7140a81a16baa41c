import { UsageError } from '../../base/index.ts';

/** What ranks by itself: words, a text encoder's vectors, those of compressed chunks, or the vector groups of texts over the best of `dense`. */
export const PART_NAMES = ['bm25', 'dense', 'cem', 'field'] as const;
export type PartName = (typeof PART_NAMES)[number];

/** How the rankings of parts become one: `FusionOptions.method`, or what a hybrid search does unless it is told otherwise (`hybridFusion`). */
export type FusionMethodName = 'rrf' | 'weighted-ranks' | 'weighted-scores' | 'dedup' | 'hybrid';

/** A way of finding documents that is measured against others. */
export interface RetrievalMode {
  readonly name: string;
  /** The rankings it is made of; one of them: no fusion. */
  readonly parts: readonly PartName[];
  /** Undefined with one part. */
  readonly method: FusionMethodName | undefined;
  /** Vectors are asked with a text that a language model wrote for the query; words are not (HyDE). */
  readonly hyde: boolean;
  /** Its best results are ranked anew by a reader of texts. */
  readonly rerank: boolean;
}

const METHODS: Readonly<Record<string, FusionMethodName>> = {
  rrf: 'rrf',
  weighted: 'weighted-ranks',
  weighted_scores: 'weighted-scores',
  dedup: 'dedup',
  hybrid: 'hybrid',
};
const FORMS = `bm25, dense, cem, field, hyde_dense, hyde_cem, hyde_field; hybrid, dedup, rrf, weighted, weighted_scores, each with hyde_ before it, and with -dense, -cem or -field behind it where there are several; +rerank behind any, or by itself for all`;
const FORM =
  /^(hyde_)?(bm25|dense|emb|cem|field|weighted_scores|weighted|hybrid|dedup|rrf)(?:_only|_default)?(?:-(dense|cem|field))?(\+rerank)?$/;

/**
 * Reads a list of modes: `bm25,dense,rrf,hyde_rrf,rrf+rerank`. `+rerank` by itself repeats all the others with it. Fusions are of words and of vectors: those
 * that the list names, else the first that is available; `rrf-cem` says which. The names of the system that such tables come from are known too: bm25_only, emb_only, hyde_emb_only, dedup_default, rrf_default, hyde_rrf_default.
 *
 * @param available parts that can be asked, vectors in the order in which fusions prefer them
 * @throws UsageError `EVAL_RETRIEVERS` for a name that is none, or one that needs what is not there
 */
export function parseModes(text: string, available: readonly PartName[]): RetrievalMode[] {
  const names = text.split(',').map((name) => name.trim());
  const preferred = preferredVectors(names, available);
  const modes = names.filter((name) => name !== '+rerank').map((name) => parseMode(name, available, preferred));
  const all = names.includes('+rerank') ? [...modes, ...modes.filter(({ rerank }) => !rerank).map(reranked)] : modes;
  const twice = all.find(({ name }, place) => all.findIndex((mode) => mode.name === name) !== place);
  if (twice !== undefined) throw modesError(`${text} names ${twice.name} twice`);
  if (all.length === 0) throw modesError(`${text} names nothing to rerank`);
  return all;
}

function reranked(mode: RetrievalMode): RetrievalMode {
  return { ...mode, name: `${mode.name}+rerank`, rerank: true };
}

/** The vectors of fusions that do not say: those that the list has by themselves, where it has one kind. */
function preferredVectors(names: readonly string[], available: readonly PartName[]): PartName {
  const listed = new Set(names.flatMap((name) => /^(?:hyde_)?(dense|emb|cem)(?:_only)?(?:\+rerank)?$/.exec(name)?.[1] ?? []));
  if (listed.size === 1) return listed.has('cem') ? 'cem' : 'dense';
  return available.find((part) => part !== 'bm25') ?? 'dense';
}

function parseMode(name: string, available: readonly PartName[], preferred: PartName): RetrievalMode {
  const [, hyde, base, vector, rerank] = FORM.exec(name) ?? [];
  if (base === undefined) throw modesError(`there is no ${JSON.stringify(name)}: there are ${FORMS}`);
  const method = METHODS[base];
  const single = base === 'emb' ? 'dense' : (base as PartName);
  if (method === undefined && vector !== undefined) throw modesError(`${name}: only fusions say which vectors they are of`);
  if (single === 'bm25' && hyde !== undefined) throw modesError(`${name}: a text written for the query is for vectors alone`);
  const vectors = (vector as PartName | undefined) ?? preferred;
  const parts: PartName[] = method === undefined ? [single] : ['bm25', vectors];
  const missing = parts.find((part) => !available.includes(part));
  if (missing !== undefined)
    throw modesError(`${name} needs ${missing}, which these options do not bring; there are ${available.join(', ')}`);
  return { name, parts, method, hyde: hyde !== undefined, rerank: rerank !== undefined };
}

function modesError(what: string): UsageError {
  return new UsageError('EVAL_RETRIEVERS', `--retrievers: ${what}`);
}
