import { ClosingStack, inStage, type Listener, UsageError } from '../../base/index.ts';
import {
  type LoadedProjection,
  type LoadedStudent,
  loadStudent,
  openProjection,
  type QueryHeadCheckpointState,
} from '../../checkpoints/index.ts';
import { readBeir } from '../../data/index.ts';
import {
  CachedTokenEncoder,
  createVectorizer,
  openTokenEncoder,
  type TokenEncoder,
  type TokenProjection,
  type Vectorizer,
  type VectorizerInput,
  WordWeights,
} from '../../encoders/index.ts';
import {
  type CoarseVectors,
  evaluateFields,
  type FieldContender,
  type FieldDifference,
  type FieldRow,
  fieldDifference,
  type GroupScore,
} from '../../eval/groups/index.ts';
import { type CandidateChoice, candidateTexts } from '../../eval/index.ts';
import type { GroupCodecKind } from '../../search/rerank/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { checkpointOrDefault } from '../shared/default-checkpoint.ts';
import { parseEncoder } from '../shared/encoder-choice.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { encodePatchGroups, encodeTokenGroups } from './field-groups.ts';
import { parseCodecs, storedGroups } from './stored-groups.ts';

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
  /** Checkpoints or runs of heads, one for groups of tokens and one for patches at most; without one only the untrained vectors are measured. */
  readonly head?: string | readonly string[] | undefined;
  /** Ways of making groups, separated by commas: token_pool_topK, cluster_centers_r, all_tokens, and patches, of passages that are read compressed; the first two unless given. */
  readonly strategies?: string | undefined;
  /** Of patches: a CEM checkpoint's folder or a run's; CEM_CHECKPOINT, else the one that comes with the package, unless given. */
  readonly checkpoint?: string | undefined;
  /** Vectors of a group of `token_pool_topK`. */
  readonly k?: number | undefined;
  /** Vectors of a group of `cluster_centers_r`. */
  readonly r?: number | undefined;
  /** Ways of storing the passages' groups that are measured beside the groups as they are, separated by commas: float16, int8, residual2; none unless given. */
  readonly stored?: string | undefined;
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
  /** Null without a head; two are separated by a comma. */
  readonly head: string | null;
  readonly queries: number;
  readonly passages: number;
  /** Passages that are ranked anew. */
  readonly candidates: number;
  readonly topPerQuery: number;
  readonly rows: readonly Omit<FieldRow, 'perQuery'>[];
  /** Against one vector a text, with a head against the same without, as stored against the same as they are, and of patches against the tokens of texts. */
  readonly differences: readonly FieldDifference[];
  readonly backend: string;
}

const TOKEN_STRATEGIES = ['token_pool_topK', 'cluster_centers_r', 'all_tokens'] as const;
const PATCHES = 'patches';
const STRATEGIES = [...TOKEN_STRATEGIES, PATCHES] as const;
type TokenStrategy = (typeof TOKEN_STRATEGIES)[number];
type Strategy = (typeof STRATEGIES)[number];

/** As the design that this follows has it: clusters' centres by the mean of the best, tokens by both scores. */
const SCORES: Readonly<Record<Strategy, readonly GroupScore[]>> = {
  token_pool_topK: ['top_mean', 'sum'],
  cluster_centers_r: ['top_mean'],
  all_tokens: ['sum'],
  patches: ['top_mean', 'sum'],
};
/** What the words of queries become where passages are patches, and what these are measured beside. */
const QUERIES_OF_PATCHES = 'token_pool_topK';
/** Between a contender's name and how its groups are stored. */
const AS = ' as ';
/** Token vectors that are kept for the next evaluation, at most, in bytes. */
const CACHE_BYTES = 8e9;

/**
 * What late interaction is worth on judged queries: one vector a text, groups of vectors as the encoder has them, and through a trained head, on the same candidates. Groups of patches stand beside them: their passages are
 * packed and read compressed, and their candidates are found by the vectors that CEM gives these.
 *
 * @throws UsageError `FIELD_ENCODER`, `FIELD_STRATEGY`, `FIELD_HEAD`, `HEAD_ENCODER` for a head of another encoder; and what reading and loading throw
 */
export async function measureFields(options: EvaluateFieldsOptions): Promise<FieldsEvaluation> {
  const listener = listenerOf(options);
  const { depth = 1000, topPerQuery = 3 } = options;
  const strategies = parseStrategies(options.strategies);
  const codecs = parseCodecs(options.stored);
  const heads = await openHeads(options.head, strategies);
  const { queries, texts, qrels } = await readQueries(options);
  const { name: backend } = await useBackend(options, listener);
  await using stack = new ClosingStack();
  const words = await WordWeights.count(texts.values());
  const encoder = stack.add(await openEncoder(options, (heads.tokens ?? heads.patches)?.state), (own) => own.dispose());
  const groups: GroupsInput = {
    encoder,
    words,
    options,
    queries: [...queries.values()],
    passages: [...texts.values()],
    listener,
  };
  const made = await tokenContenders(groups, strategies, heads.tokens?.projection);
  if (strategies.includes(PATCHES)) {
    const student = await openStudent(options.checkpoint, heads.patches?.state, encoder);
    stack.add(student, (own) => own.dispose());
    made.push(...(await patchContenders(groups, student, heads.patches?.projection)));
  }
  const contenders = await withStored(made, codecs);
  const stage = listener.stage('rank');
  const result = await evaluateFields({
    queries: [...queries.keys()],
    keys: [...texts.keys()],
    qrels,
    coarse: made[0]!.coarse!,
    contenders,
    candidates: depth,
    topPerQuery,
    onProgress: (_, done, total) => stage.progress(done, total),
  });
  stage.done();
  const named = [heads.tokens, heads.patches].flatMap((head) => head ?? []).map(headName);
  return {
    data: options.data,
    split: options.split,
    encoder: encoder.description.id,
    head: named.length === 0 ? null : named.join(', '),
    queries: result.queries,
    passages: result.keys,
    candidates: result.candidates,
    topPerQuery,
    rows: result.rows.map(({ perQuery: _, ...row }) => row),
    differences: differencesOf(result.rows),
    backend,
  };
}

interface GroupsInput {
  readonly encoder: TokenEncoder;
  readonly words: WordWeights;
  readonly options: EvaluateFieldsOptions;
  readonly queries: readonly string[];
  readonly passages: readonly string[];
  readonly listener: Listener;
}

/** Groups of the tokens of texts, as they are and through a head. */
async function tokenContenders(
  { encoder, words, options, queries, passages, listener }: GroupsInput,
  strategies: readonly Strategy[],
  head: TokenProjection | undefined,
): Promise<FieldContender[]> {
  const own = TOKEN_STRATEGIES.filter((strategy) => strategies.includes(strategy));
  if (own.length === 0) return [];
  const vectorizers = own.map((strategy) => vectorizerOf(strategy, options));
  const contenders: FieldContender[] = [];
  let coarse: CoarseVectors | undefined;
  for (const projection of [undefined, ...(head ? [head] : [])]) {
    const encode = (role: 'query' | 'key', texts: readonly string[]) =>
      inStage(listener, `${role === 'query' ? 'queries' : 'passages'}${projection ? ', trained' : ''}`, (stage) =>
        encodeTokenGroups(encoder, texts, role, { vectorizers, words, projection }, (done, total) => stage.progress(done, total)),
      );
    const [asked, known] = [await encode('query', queries), await encode('key', passages)];
    coarse ??= { name: 'coarse', queries: asked.whole, keys: known.whole };
    for (const [place, strategy] of own.entries()) {
      const made = { queries: asked.groups[place]!, keys: known.groups[place]!, coarse };
      contenders.push({ name: `${strategy}${projection ? ', trained' : ''}`, scores: SCORES[strategy], ...made });
    }
  }
  return contenders;
}

/** Groups of the patches of passages that are read compressed. Untrained ones are there where their vectors are as long as those of the queries' tokens. */
async function patchContenders(
  { encoder, words, options, queries, passages, listener }: GroupsInput,
  student: LoadedStudent,
  head: TokenProjection | undefined,
): Promise<FieldContender[]> {
  const projections = [...(student.student.dimension === encoder.tokenDimension ? [undefined] : []), ...(head ? [head] : [])];
  const known = await inStage(listener, 'compressed passages', (stage) =>
    encodePatchGroups(student, passages, projections, (done, total) => stage.progress(done, total)),
  );
  const vectorizers = [vectorizerOf(QUERIES_OF_PATCHES, options)];
  const contenders: FieldContender[] = [];
  let coarse: CoarseVectors | undefined;
  for (const [place, projection] of projections.entries()) {
    const asked = await inStage(listener, 'queries', (stage) =>
      encodeTokenGroups(encoder, queries, 'query', { vectorizers, words, projection }, (done, total) =>
        stage.progress(done, total),
      ),
    );
    coarse ??= { name: 'coarse, compressed', queries: asked.whole, keys: known.whole };
    const made = { queries: asked.groups[0]!, keys: known.groups[place]!, coarse };
    contenders.push({ name: `${PATCHES}${projection ? ', trained' : ''}`, scores: SCORES[PATCHES], ...made });
  }
  return contenders;
}

/** Each contender, and behind it the same with its passages' groups as they are stored. */
async function withStored(made: readonly FieldContender[], codecs: readonly GroupCodecKind[]): Promise<FieldContender[]> {
  const contenders: FieldContender[] = [];
  for (const contender of made) {
    contenders.push(contender);
    for (const codec of codecs) {
      const { groups, bytes } = await storedGroups(contender.keys, codec);
      contenders.push({ ...contender, name: `${contender.name}${AS}${codec}`, keys: groups, bytes });
    }
  }
  return contenders;
}

function vectorizerOf(strategy: TokenStrategy, { k, r }: EvaluateFieldsOptions): Vectorizer {
  const settings: Readonly<Record<TokenStrategy, VectorizerInput>> = {
    token_pool_topK: { strategy: 'token_pool_topK', ...(k !== undefined && { k }) },
    cluster_centers_r: { strategy: 'cluster_centers_r', ...(r !== undefined && { r }) },
    all_tokens: { strategy: 'all_tokens' },
  };
  return createVectorizer(settings[strategy]);
}

interface Heads {
  readonly tokens?: LoadedProjection;
  readonly patches?: LoadedProjection;
}

/** @throws UsageError `FIELD_HEAD` for two of one kind, and one that no strategy has a use for; as `openProjection` */
async function openHeads(paths: string | readonly string[] = [], strategies: readonly Strategy[]): Promise<Heads> {
  const heads: { tokens?: LoadedProjection; patches?: LoadedProjection } = {};
  for (const path of typeof paths === 'string' ? [paths] : paths) {
    const loaded = await openProjection(path);
    const kind = loaded.state.patches === undefined ? 'tokens' : 'patches';
    const used = strategies.some((strategy) => (strategy === PATCHES) === (kind === 'patches'));
    if (heads[kind] === undefined && used) {
      heads[kind] = loaded;
      continue;
    }
    throw new UsageError(
      'FIELD_HEAD',
      `${path} is a head for ${kind === 'patches' ? 'patches' : 'the tokens of texts'}: ${used ? 'name one of them' : `give --strategies ${kind === 'patches' ? PATCHES : QUERIES_OF_PATCHES}, too`}`,
      { details: { path, strategies: strategies.join(',') } },
    );
  }
  return heads;
}

/** @throws UsageError `CHECKPOINT_NEEDED`, `HEAD_ENCODER`, `FIELD_PATCHES`; as `loadStudent` */
async function openStudent(
  checkpoint: string | undefined,
  head: QueryHeadCheckpointState | undefined,
  encoder: TokenEncoder,
): Promise<LoadedStudent> {
  const student = await loadStudent(checkpointOrDefault(checkpoint));
  try {
    if (head?.patches !== undefined && head.patches.revision !== student.hash) {
      throw new UsageError(
        'HEAD_ENCODER',
        `the head was trained on patches of the checkpoint ${head.patches.revision.slice(0, 12)}…, and ${student.folder} is ${student.hash.slice(0, 12)}…; name the other one with --checkpoint`,
        { details: { wanted: head.patches.revision, got: student.hash } },
      );
    }
    const { id, revision } = student.state.teacher;
    const { description } = encoder;
    if (id === description.id && revision === description.revision) return student;
    throw new UsageError(
      'FIELD_PATCHES',
      `${student.folder} was trained on vectors of ${id} (${revision}), and queries are those of ${description.id} (${description.revision}): name its teacher with --encoder`,
      { details: { teacher: { id, revision }, encoder: description } },
    );
  } catch (error) {
    student.dispose();
    throw error;
  }
}

function headName({ projection }: LoadedProjection): string {
  return `${projection.id} ${projection.revision}`;
}

function differencesOf(rows: readonly FieldRow[]): FieldDifference[] {
  const [coarse, ...others] = rows;
  const byName = new Map(rows.map((row) => [row.name, row]));
  return others.flatMap((row) => {
    const before = [
      ...(row.name.includes(', trained') ? [row.name.replace(', trained', '')] : []),
      ...(row.name.includes(AS) ? [row.name.replace(/ as \w+/, '')] : []),
      ...(row.name.startsWith(PATCHES) ? [row.name.replace(PATCHES, QUERIES_OF_PATCHES)] : []),
    ];
    return [coarse!, ...before.flatMap((name) => byName.get(name) ?? [])].map((first) => fieldDifference(first, row));
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
