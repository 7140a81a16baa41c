import { basename, resolve } from 'node:path';
import { closing, inStages, UsageError } from '../../base/index.ts';
import { loadStudent } from '../../checkpoints/index.ts';
import { createVectorizer, type TokenEncoder, TokenGroupEncoder, type VectorizerInput } from '../../encoders/index.ts';
import type { EncoderContender } from '../../eval/index.ts';
import {
  assertModesPossible,
  evaluateModes,
  type ModesData,
  type ModesEvaluation,
  openParts,
  PART_NAMES,
  type PartName,
  type PartWeights,
  parseModes,
  type RetrievalMode,
  type WeightSource,
} from '../../eval/modes/index.ts';
import { OpenAiChatModel } from '../../rag/chat/index.ts';
import { expansionMessages } from '../../rag/queries/index.ts';
import { assertShare, assertShareOfReranker, blendScores, openReranker, type Reranker } from '../../rag/rerank/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';
import type { Hit } from '../../search/index.ts';
import { type AnalyzerInput, openAnalyzer } from '../../search/lexical/index.ts';
import type { GroupScorerInput } from '../../search/rerank/index.ts';
import { filterByRules, lawRules, parseSelfQueryRules } from '../../search/self-query/index.ts';
import { useBackend } from '../shared/backend.ts';
import { listenerOf } from '../shared/call.ts';
import { readDictionary } from '../shared/dictionary-choice.ts';
import { parseEncoder } from '../shared/encoder-choice.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import {
  type ContenderPlan,
  type EvaluationResources,
  loadEncoders,
  makeContenders,
  planContenders,
} from './contender-choice.ts';
import { packingOf } from './evaluate.ts';
import type { EvaluateOptions } from './evaluate-options.ts';
import { type QuerySet, type RetrieverData, readBeirSet, readQuestionSets } from './retriever-data.ts';

export interface CompareRetrieversOptions
  extends Omit<
    EvaluateOptions,
    'encoders' | 'output' | 'language' | 'windowDocuments' | 'scoring' | 'dropOwnId' | 'queryVectors'
  > {
  /** Modes, separated by commas: `parseModes`. */
  readonly retrievers: string;
  /** Files of questions whose gold names law and article; `data` is then a folder of files that are parsed, and each file is measured by itself. */
  readonly questions?: readonly string[] | undefined;
  /** With questions: whether the text that goes before a document where it is found is put there; it is unless false. */
  readonly indexPrefix?: boolean | undefined;
  /** Weights of fusions: `bm25=1,dense=0.5`, `cross-validation`, `split:NAME` or `questions:FILE` (chosen there); the method's own unless given. */
  readonly weights?: string | undefined;
  /** Recall filter by part: `bm25=0.4,dense=0.8`. */
  readonly recallShares?: string | undefined;
  /** Constant of reciprocal rank fusion; 60 unless given. */
  readonly rankConstant?: number | undefined;
  /** Results of a mode; 10 unless given. */
  readonly k?: number | undefined;
  /** Filters that queries state themselves (刑法第十条), by rule. */
  readonly selfQuery?: boolean | undefined;
  /** Cuts texts for BM25; words with their parts and stems unless given. */
  readonly analyzer?: AnalyzerInput | undefined;
  readonly k1?: number | undefined;
  readonly b?: number | undefined;
  /** Mode that the others are held against; bm25 where it is one of them, else the first. */
  readonly against?: string | undefined;
  readonly seed?: number | undefined;
  /** The reranker of modes with `+rerank`, as `openReranker` reads it: cross-encoder:MODEL, endpoint:URL#MODEL, tei:URL, checkpoint:FOLDER. */
  readonly reranker?: string | undefined;
  /** Results of a mode that are ranked anew; 50 unless given. */
  readonly rerankDepth?: number | undefined;
  /** How much the reranker counts beside the mode that it follows, 0 to 1; 1, it alone, unless given. */
  readonly rerankShare?: number | undefined;
  /** Of `field`: how tokens become groups; `token_pool_topK` unless given. */
  readonly groups?: VectorizerInput | undefined;
  /** Of `field`: how groups are scored; the mean of the best three matches unless given. */
  readonly fieldScorer?: GroupScorerInput['scorer'] | undefined;
  /** Of `field`: results of `dense` that are ranked anew; 300 unless given. */
  readonly fieldCandidates?: number | undefined;
  /** The chat model of modes with HyDE: what an endpoint of OpenAI's shape (OPENAI_BASE_URL) calls it. */
  readonly chatModel?: string | undefined;
  /** In place of `chatModel`: the text that vectors are asked with instead of a query. */
  readonly hyde?: ((query: string) => Promise<string>) | undefined;
  /** In place of `reranker`: how well each text answers the query, higher is better. */
  readonly rerank?: ((query: string, texts: readonly string[]) => Promise<readonly number[]>) | undefined;
}

/** Modes of one set of queries. */
interface RetrieverSetComparison extends ModesEvaluation {
  readonly name: string;
}

export interface RetrieverComparison {
  readonly dataset: string;
  readonly documents: number;
  readonly backend: string;
  /** Who made the vectors, by part. */
  readonly encoders: Readonly<Record<string, string>>;
  readonly bm25: { readonly analyzer: string; readonly k1: number | null; readonly b: number | null } | null;
  readonly sets: readonly RetrieverSetComparison[];
}

/** Tokens of a passage that a chat model writes, at most. */
const PASSAGE_TOKENS = 320;
/** The row of contenders that makes a part's vectors: of `dense` by the encoder that is asked for. */
const DENSE_ROWS: Readonly<Record<string, 'teacher' | 'lsa' | 'vectors' | 'random'>> = {
  lsa: 'lsa',
  vectors: 'vectors',
  random: 'random',
};

function rowOf(part: 'dense' | 'cem', { encoder }: CompareRetrieversOptions): ContenderPlan['rows'][number] {
  return part === 'cem' ? 'student' : (DENSE_ROWS[encoderKind(encoder) ?? ''] ?? 'teacher');
}

function encoderKind(encoder: string | undefined): string | undefined {
  return encoder === undefined ? undefined : parseEncoder(encoder, 'EVAL_ENCODER').kind;
}

/**
 * Compares ways of finding documents (words, vectors of a text encoder, vectors of compressed chunks, their fusions, HyDE, reranking) on judged queries.
 *
 * @throws UsageError `EVAL_RETRIEVERS`, `EVAL_WEIGHTS`, `RERANK_SHARE`, `EVAL_SELF_QUERY`, `EVAL_DATA`; and what reading, loading and `evaluateModes` throw
 */
export async function compareRetrievers(options: CompareRetrieversOptions): Promise<RetrieverComparison> {
  const listener = listenerOf(options);
  const modes = parseModes(options.retrievers, availableParts(options));
  const hyde = options.hyde ?? hypotheticalPassages(options);
  assertShareOfReranker(options.rerank ?? options.reranker, options.rerankShare);
  assertShare(options.rerankShare ?? 1);
  assertModesPossible(modes, { hyde, against: options.against, rerank: options.rerank ?? options.reranker });
  const asked = new Set(modes.flatMap(({ parts }) => parts));
  // Groups rank what vectors found.
  const needed = PART_NAMES.filter((part) => asked.has(part) || (part === 'dense' && asked.has('field')));
  const weights = parseWeightOption(options.weights);
  const recallShares = options.recallShares === undefined ? {} : parsePartNumbers(options.recallShares, '--recall-shares');
  const data = await readData(options, listener);
  const selfQuery = options.selfQuery ? selfQueryOf(data, options) : undefined;
  const { name: backend } = await useBackend(options, listener);
  const plan = planOf(needed, options);
  using loaded = plan?.checkpoint === undefined ? undefined : await loadStudent(plan.checkpoint);
  const resources =
    plan &&
    (await loadEncoders(plan, loaded, { ...options, data: options.data, models: modelsFolder(options.models) }, (line) =>
      listener.note(line),
    ));
  await using _resources = closing(() => resources?.close());
  const encoders = plan && resources ? contendersOf(needed, plan, resources, options) : {};
  const reranker = await openModesReranker(modes, options);
  await using _reranker = closing(() => reranker?.dispose());
  const rerank = options.rerank ?? ((query: string, texts: readonly string[]) => reranker!.score(query, texts));
  const analyzer = await openAnalyzer(options.analyzer ?? { kind: 'words' });
  const dictionary = await readDictionary(
    options.dictionary ?? (loaded?.trainingZpkg === undefined ? 'corpus' : 'run'),
    loaded?.trainingZpkg,
  );
  return await inStages(listener, async (onProgress) => {
    const open = await openParts({
      texts: data.texts,
      metadataOf: data.metadataOf,
      bm25: needed.includes('bm25') ? { terms: analyzer.terms, k1: options.k1, b: options.b } : undefined,
      encoders,
      field: needed.includes('field') ? fieldOf(resources!, options) : undefined,
      pack: { ...packingOf(options, loaded?.state.pack), ...(dictionary !== undefined && { dictionary }) },
      innerProducts: tensorInnerProducts,
      onProgress,
    });
    await using _open = closing(() => open.close());
    const modesData = (set: QuerySet): ModesData => ({ parts: open.parts, queries: set.queries, qrels: set.qrels });
    const source = await weightSource(weights, data, modesData);
    const sets: RetrieverSetComparison[] = [];
    for (const set of data.sets) {
      const evaluation = await evaluateModes({
        ...modesData(set),
        modes,
        weights: source,
        recallShares,
        ...numbersOf(options),
        ...(selfQuery && { selfQuery }),
        ...(hyde && { hyde }),
        rerank: readerOf(rerank, data.texts, options.rerankShare ?? 1),
        ...(options.against !== undefined && { against: options.against }),
        onProgress: (stage, done, total) => onProgress(`${set.name}: ${stage}`, done, total),
      });
      sets.push({ name: set.name, ...evaluation });
    }
    return {
      dataset: basename(resolve(options.data)),
      documents: data.texts.size,
      backend,
      encoders: Object.fromEntries(
        needed.flatMap((part) => (part === 'bm25' || part === 'field' ? [] : [[part, describe(part, resources!, options)]])),
      ),
      bm25: needed.includes('bm25') ? { analyzer: analyzer.name, k1: options.k1 ?? null, b: options.b ?? null } : null,
      sets,
    };
  });
}

/**
 * What makes the groups of `field`: the encoder of `dense`, by its vectors of tokens.
 *
 * @throws UsageError `EVAL_RETRIEVERS` for one that has none; `GROUP_STRATEGY`
 */
function fieldOf({ teacher }: EvaluationResources, { groups, fieldScorer, fieldCandidates }: CompareRetrieversOptions) {
  if (!isTokenEncoder(teacher))
    throw new UsageError(
      'EVAL_RETRIEVERS',
      '--retrievers: field needs an encoder that gives the vectors of tokens; name one with --encoder transformers:MODEL, or a checkpoint whose teacher is one',
    );
  const vectorizer = createVectorizer(groups ?? { strategy: 'token_pool_topK' });
  return {
    encoder: new TokenGroupEncoder(teacher, { vectorizer }),
    scorer: { scorer: fieldScorer ?? 'field' },
    candidates: fieldCandidates,
  };
}

function isTokenEncoder(encoder: object | undefined): encoder is TokenEncoder {
  return encoder !== undefined && 'encodeDocumentTokens' in encoder;
}

/** The query with a passage behind it that a chat model writes for it (HyDE). */
function hypotheticalPassages({ chatModel, signal }: CompareRetrieversOptions): ((query: string) => Promise<string>) | undefined {
  if (chatModel === undefined) return undefined;
  const chat = new OpenAiChatModel({ model: chatModel });
  return async (query) =>
    `${query}\n${await chat.complete(expansionMessages(query, 'passage'), { maxTokens: PASSAGE_TOKENS, signal })}`;
}

/** The reranker that is named, where a mode asks for one. */
async function openModesReranker(
  modes: readonly RetrievalMode[],
  options: CompareRetrieversOptions,
): Promise<Reranker | undefined> {
  const { reranker, rerank } = options;
  if (reranker === undefined || rerank !== undefined || !modes.some((mode) => mode.rerank)) return undefined;
  // The backend is chosen by then.
  return openReranker(reranker, { models: modelsFolder(options.models), beforeCheckpoint: async () => {} });
}

function numbersOf({ k, seed, rankConstant, rerankDepth, fieldCandidates }: CompareRetrieversOptions): {
  k?: number;
  seed?: number;
  rankConstant?: number;
  rerankDepth?: number;
} {
  for (const [name, value] of Object.entries({ k, 'rerank-depth': rerankDepth, 'field-candidates': fieldCandidates }))
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 1000))
      throw new UsageError('EVAL_RETRIEVERS', `--${name} ${value} is no whole number from 1 to 1000`);
  return {
    ...(k !== undefined && { k }),
    ...(seed !== undefined && { seed }),
    ...(rankConstant !== undefined && { rankConstant }),
    ...(rerankDepth !== undefined && { rerankDepth }),
  };
}

/** Who makes a part's vectors. */
function describe(
  part: 'dense' | 'cem',
  { teacher, loaded, vectors, lsa }: EvaluationResources,
  options: CompareRetrieversOptions,
): string {
  if (part === 'cem') return loaded!.folder;
  return (teacher ?? vectors ?? lsa)?.description.id ?? rowOf(part, options);
}

/** Parts that the options bring: a checkpoint has both encoders, and a text encoder of its own only that one. */
function availableParts({ checkpoint, encoder }: CompareRetrieversOptions): PartName[] {
  const kind = encoderKind(encoder);
  // Without any word of it, the checkpoint that comes with the package is meant: fusions are of its student.
  if (checkpoint === undefined && kind === undefined) return ['bm25', 'cem'];
  const alone = checkpoint === undefined && kind !== 'teacher' && kind !== 'student';
  if (alone) return ['bm25', 'dense', 'field'];
  // Fusions are of the student, unless an encoder of texts is asked for.
  return kind === undefined || kind === 'student' ? ['bm25', 'cem', 'dense', 'field'] : ['bm25', 'dense', 'cem', 'field'];
}

function planOf(needed: readonly PartName[], options: CompareRetrieversOptions): ContenderPlan | undefined {
  const { checkpoint, encoder } = options;
  const rows = needed.flatMap((part) => (part === 'bm25' || part === 'field' ? [] : [rowOf(part, options)]));
  if (rows.length === 0) return undefined;
  return planContenders({
    ...options,
    encoder: encoder ?? (checkpoint === undefined ? 'student' : undefined),
    encoders: rows.join(','),
  });
}

/** Contenders that ask their encoders each for itself, so that the time of a part has that of its query in it. */
function contendersOf(
  needed: readonly PartName[],
  plan: ContenderPlan,
  resources: EvaluationResources,
  options: CompareRetrieversOptions,
): Partial<Record<'dense' | 'cem', EncoderContender>> {
  return Object.fromEntries(
    needed.flatMap((part) =>
      part === 'bm25' || part === 'field'
        ? []
        : [[part, makeContenders({ ...plan, rows: [rowOf(part, options)] }, resources, undefined)[0]!]],
    ),
  ) as Partial<Record<'dense' | 'cem', EncoderContender>>;
}

async function readData(options: CompareRetrieversOptions, listener: ReturnType<typeof listenerOf>): Promise<RetrieverData> {
  const { data, split = 'test', candidates = 'corpus', questions = [], indexPrefix = true } = options;
  return questions.length === 0 ? readBeirSet(data, split, candidates) : readQuestionSets(data, questions, indexPrefix, listener);
}

function selfQueryOf(
  { laws }: RetrieverData,
  { data }: CompareRetrieversOptions,
): (query: string) => ReturnType<typeof filterByRules> {
  const rules = parseSelfQueryRules(lawRules(laws));
  if (rules.length === 0)
    throw new UsageError(
      'EVAL_SELF_QUERY',
      `${data} has no documents with fields that queries could name: leave --self-query out, or name a folder of laws with --questions`,
    );
  return (query) => filterByRules(query, rules);
}

type WeightOption =
  | { readonly kind: 'method' | 'cross-validation' }
  | { readonly kind: 'given'; readonly weights: PartWeights }
  | { readonly kind: 'set'; readonly name: string };

function parseWeightOption(text: string | undefined): WeightOption {
  if (text === undefined) return { kind: 'method' };
  if (text === 'cross-validation') return { kind: 'cross-validation' };
  const name = /^(?:split|questions):(.+)$/s.exec(text)?.[1];
  return name === undefined ? { kind: 'given', weights: parsePartNumbers(text, '--weights') } : { kind: 'set', name };
}

async function weightSource(
  option: WeightOption,
  data: RetrieverData,
  modesData: (set: QuerySet) => ModesData,
): Promise<WeightSource> {
  if (option.kind !== 'set') return option.kind === 'given' ? option : { kind: option.kind };
  const set = await data.setOf(option.name);
  return { kind: 'chosen', on: `${set.name}, ${set.queries.length} queries`, data: modesData(set) };
}

function parsePartNumbers(text: string, option: string): PartWeights {
  const numbers: Partial<Record<PartName, number>> = {};
  for (const piece of text.split(',')) {
    const [, name, value] = /^\s*([a-z0-9]+)\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(piece) ?? [];
    const part = PART_NAMES.find((one) => one === name);
    if (part === undefined)
      throw new UsageError(
        'EVAL_WEIGHTS',
        `${option} ${text}: ${JSON.stringify(piece)} is no PART=NUMBER with a part of ${PART_NAMES.join(', ')}`,
      );
    numbers[part] = Number(value);
  }
  return numbers;
}

function readerOf(
  rerank: NonNullable<CompareRetrieversOptions['rerank']>,
  texts: ReadonlyMap<string, string>,
  share: number,
): (query: string, hits: readonly Hit[]) => Promise<readonly number[]> {
  return async (query, hits) =>
    blendScores(
      await rerank(
        query,
        hits.map(({ document }) => texts.get(document)!),
      ),
      hits.map(({ score }) => score),
      share,
    );
}
