import { batches, inStage, type OnProgress, UsageError } from '../../base/index.ts';
import { openProjection, type QueryHeadCheckpointState } from '../../checkpoints/index.ts';
import { readBeir } from '../../data/index.ts';
import {
  CachedTokenEncoder,
  createVectorizer,
  type GroupRole,
  type HeadProjection,
  openTokenEncoder,
  type TokenEncoder,
  type TokenProjection,
  type VectorGroup,
  type Vectorizer,
  type VectorizerInput,
  WordWeights,
} from '../../encoders/index.ts';
import {
  evaluateFields,
  type FieldContender,
  type FieldDifference,
  type FieldRow,
  fieldDifference,
  type GroupScore,
  type GroupSet,
  groupSet,
} from '../../eval/groups/index.ts';
import { type CandidateChoice, candidateTexts } from '../../eval/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { parseEncoder } from '../shared/encoder-choice.ts';
import { modelsFolder } from '../shared/models-folder.ts';

export interface EvaluateFieldsOptions extends LongCall, OnBackend {
  /** A folder in BEIR layout. */
  readonly data: string;
  /** Whose queries: `qrels/<split>.tsv`. */
  readonly split: string;
  readonly candidates: CandidateChoice;
  /** The first so many queries, and, with judged candidates, their passages alone. */
  readonly limit?: number | undefined;
  /** `transformers:MODEL`; that of the head unless given. */
  readonly encoder?: string | undefined;
  /** Which of the model's ONNX files is run; that of the head, else fp32, unless given. */
  readonly dtype?: 'fp32' | 'fp16' | 'q8' | undefined;
  readonly maximumTokens?: number | undefined;
  /** A head's checkpoint or run; without one only the untrained vectors are measured. */
  readonly head?: string | undefined;
  /** Ways of making groups, separated by commas: token_pool_topK, cluster_centers_r, all_tokens; the first two unless given. */
  readonly strategies?: string | undefined;
  /** Vectors of a group of `token_pool_topK`. */
  readonly k?: number | undefined;
  /** Vectors of a group of `cluster_centers_r`. */
  readonly r?: number | undefined;
  /** Passages that one vector a text finds and the field ranks anew. */
  readonly depth?: number | undefined;
  /** Best matches that the score `top_mean` counts. */
  readonly topPerQuery?: number | undefined;
  /** Folder in which the model is looked up before the hub. */
  readonly models?: string | undefined;
}

export interface FieldsEvaluation {
  readonly data: string;
  readonly split: string;
  readonly encoder: string;
  /** Null without a head. */
  readonly head: string | null;
  readonly queries: number;
  readonly passages: number;
  /** Passages that are ranked anew. */
  readonly candidates: number;
  readonly topPerQuery: number;
  readonly rows: readonly Omit<FieldRow, 'perQuery'>[];
  /** Against one vector a text, and with a head against the same without. */
  readonly differences: readonly FieldDifference[];
  readonly backend: string;
}

const STRATEGIES = ['token_pool_topK', 'cluster_centers_r', 'all_tokens'] as const;
type Strategy = (typeof STRATEGIES)[number];

/** As the design that this follows has it: clusters' centres by the mean of the best, tokens by both scores. */
const SCORES: Readonly<Record<Strategy, readonly GroupScore[]>> = {
  token_pool_topK: ['top_mean', 'sum'],
  cluster_centers_r: ['top_mean'],
  all_tokens: ['sum'],
};

/** Texts whose token vectors are held at a time. */
const TEXTS_AT_ONCE = 64;
/** Token vectors that are kept for the next evaluation, at most, in bytes. */
const CACHE_BYTES = 8e9;

/**
 * What late interaction is worth on judged queries: one vector a text, groups of vectors as the encoder has them, and through a trained head, on the same candidates.
 *
 * @throws UsageError `FIELD_ENCODER`, `FIELD_STRATEGY`, `HEAD_ENCODER` for a head of another encoder; and what reading and loading throw
 */
export async function measureFields(options: EvaluateFieldsOptions): Promise<FieldsEvaluation> {
  const listener = listenerOf(options);
  const { depth = 1000, topPerQuery = 3 } = options;
  const strategies = parseStrategies(options.strategies);
  const loaded = options.head === undefined ? undefined : await openProjection(options.head);
  const { queries, texts, qrels } = await readQueries(options);
  const { name: backend } = await useBackend(options, listener);
  const words = await WordWeights.count(texts.values());
  const encoder = await openEncoder(options, loaded?.state);
  try {
    const settings: Readonly<Record<Strategy, VectorizerInput>> = {
      token_pool_topK: { strategy: 'token_pool_topK', ...(options.k !== undefined && { k: options.k }) },
      cluster_centers_r: { strategy: 'cluster_centers_r', ...(options.r !== undefined && { r: options.r }) },
      all_tokens: { strategy: 'all_tokens' },
    };
    const vectorizers = strategies.map((strategy) => createVectorizer(settings[strategy]));
    const coarse: { queries?: GroupSet; keys?: GroupSet } = {};
    const contenders: FieldContender[] = [];
    for (const projection of [undefined, ...(loaded ? [loaded.projection] : [])]) {
      const encode = (role: GroupRole, own: readonly string[]) =>
        inStage(listener, `${role === 'query' ? 'queries' : 'passages'}${projection ? ', trained' : ''}`, (stage) =>
          encodeGroups(encoder, own, role, { vectorizers, words, projection }, (done, total) => stage.progress(done, total)),
        );
      const asked = await encode('query', [...queries.values()]);
      const known = await encode('key', [...texts.values()]);
      coarse.queries ??= asked.sentences;
      coarse.keys ??= known.sentences;
      strategies.forEach((strategy, place) => {
        const groups = { queries: asked.groups[place]!, keys: known.groups[place]! };
        contenders.push({ name: `${strategy}${projection ? ', trained' : ''}`, scores: SCORES[strategy], ...groups });
      });
    }
    const stage = listener.stage('rank');
    const result = await evaluateFields({
      queries: [...queries.keys()],
      keys: [...texts.keys()],
      qrels,
      coarse: { queries: coarse.queries!, keys: coarse.keys! },
      contenders,
      candidates: depth,
      topPerQuery,
      onProgress: (_, done, total) => stage.progress(done, total),
    });
    stage.done();
    return {
      data: options.data,
      split: options.split,
      encoder: encoder.description.id,
      head: headName(loaded?.projection),
      queries: result.queries,
      passages: result.keys,
      candidates: result.candidates,
      topPerQuery,
      rows: result.rows.map(({ perQuery: _, ...row }) => row),
      differences: differencesOf(result.rows),
      backend,
    };
  } finally {
    await encoder.dispose();
  }
}

/** Groups of texts by several vectorizers, whose token vectors are read and projected once, and the texts' own vectors as groups of one. */
async function encodeGroups(
  encoder: TokenEncoder,
  texts: readonly string[],
  role: GroupRole,
  {
    vectorizers,
    words,
    projection,
  }: {
    readonly vectorizers: readonly Vectorizer[];
    readonly words: WordWeights;
    readonly projection: TokenProjection | undefined;
  },
  onProgress: OnProgress,
): Promise<{ readonly groups: readonly GroupSet[]; readonly sentences: GroupSet }> {
  const made = vectorizers.map((): VectorGroup[] => []);
  const sentences: VectorGroup[] = [];
  for (const some of batches(texts, TEXTS_AT_ONCE)) {
    const read = role === 'query' ? await encoder.encodeQueryTokens(some) : await encoder.encodeDocumentTokens(some);
    for (const { tokens, vectors, dimension, sentence } of read) {
      const projected = projection?.project(vectors, tokens.length, role);
      const text = { tokens, vectors: projected?.vectors ?? vectors, dimension: projection?.dimension ?? dimension };
      vectorizers.forEach((vectorizer, place) => {
        made[place]!.push(vectorizer.vectorize(text, { words, tokens: projected?.weights }));
      });
      sentences.push({ vectors: 1, dimension: sentence.length, data: sentence });
    }
    onProgress(sentences.length, texts.length);
  }
  const dimension = projection?.dimension ?? encoder.tokenDimension;
  return {
    groups: made.map((groups) => groupSet(groups, dimension)),
    sentences: groupSet(sentences, encoder.description.dimension),
  };
}

function headName(projection: HeadProjection | undefined): string | null {
  return projection === undefined ? null : `${projection.id} ${projection.revision}`;
}

function differencesOf(rows: readonly FieldRow[]): FieldDifference[] {
  const [coarse, ...others] = rows;
  const byName = new Map(rows.map((row) => [row.name, row]));
  return others.flatMap((row) => {
    const untrained = row.name.includes(', trained') ? byName.get(row.name.replace(', trained', '')) : undefined;
    return [fieldDifference(coarse!, row), ...(untrained ? [fieldDifference(untrained, row)] : [])];
  });
}

/** @throws UsageError `FIELD_STRATEGY` */
function parseStrategies(text = 'token_pool_topK,cluster_centers_r'): Strategy[] {
  return text.split(',').map((name) => {
    const strategy = STRATEGIES.find((known) => known === name.trim());
    if (strategy !== undefined) return strategy;
    throw new UsageError('FIELD_STRATEGY', `--strategies ${text}: "${name}" is none of ${STRATEGIES.join(', ')}`, {
      details: { strategies: text },
    });
  });
}

async function readQueries({ data, split, candidates, limit }: EvaluateFieldsOptions) {
  const read = await readBeir(data, split);
  const judged = [...read.qrels].filter(([id]) => read.queries.get(id)?.trim());
  const qrels = new Map(limit === undefined ? judged : judged.slice(0, limit));
  const texts = await candidateTexts({ ...read, qrels }, candidates);
  return { qrels, texts, queries: new Map(Array.from(qrels.keys(), (id) => [id, read.queries.get(id)!])) };
}

/** @throws UsageError `FIELD_ENCODER`, `HEAD_ENCODER` */
async function openEncoder(
  { encoder, dtype, maximumTokens, models }: EvaluateFieldsOptions,
  state: QueryHeadCheckpointState | undefined,
): Promise<TokenEncoder> {
  const named = encoder ?? state?.encoder.id;
  const choice = named === undefined ? undefined : parseEncoder(named, 'FIELD_ENCODER');
  if (choice?.kind !== 'transformers') {
    throw new UsageError(
      'FIELD_ENCODER',
      `${named ?? 'no encoder'}: groups are made of the token vectors of a text encoder; name one with --encoder transformers:MODEL, or a head with --head`,
    );
  }
  const known = state?.encoder.settings['dtype'];
  const own = dtype ?? (known === 'fp16' || known === 'q8' ? known : 'fp32');
  const opened = await openTokenEncoder(
    { model: choice.model, dtype: own, ...(maximumTokens !== undefined && { maximumTokens }) },
    modelsFolder(models),
  );
  if (state === undefined || (opened.description.revision === state.encoder.revision && own === (known ?? own)))
    return CachedTokenEncoder.open(opened, { precision: 'int8', limit: CACHE_BYTES });
  await opened.dispose();
  throw new UsageError(
    'HEAD_ENCODER',
    `the head was trained on vectors of ${state.encoder.id} (${state.encoder.revision}), and ${opened.description.id} (${opened.description.revision}) makes others; use the encoder that it was trained on`,
    { details: { wanted: state.encoder, got: opened.description } },
  );
}
