import { UsageError } from '../../base/index.ts';
import type { IngestOptions } from '../../recipes/ingest/index.ts';
import { FIELD_CANDIDATES, GROUP_CODECS } from '../../search/rerank/index.ts';

type Groups = NonNullable<IngestOptions['groups']>;

/** Vector groups, as options of `ingest` say them. */
export interface GroupsOptions {
  readonly groups?: string | undefined;
  readonly groupsModel?: string | undefined;
  readonly groupsDtype?: 'fp32' | 'fp16' | 'q8' | undefined;
  readonly groupsCodec?: Groups['codec'];
  readonly head?: string | undefined;
}

export const groupsOptions = {
  groups: {
    type: 'string',
    describe:
      'of a new collection: keep a group of vectors of each passage, for search --field: of the 32 words that it says most of, unless another strategy is named (token_pool_topK, cluster_centers_r, all_tokens; patches: of its compressed chunk, by the encoder of the collection)',
  },
  'groups-model': {
    type: 'string',
    describe: "with --groups: the model of transformers.js that gives tokens' vectors; the collection's teacher unless given",
  },
  'groups-dtype': {
    choices: ['fp32', 'fp16', 'q8'] as const,
    describe: "with --groups-model: which of the model's files is run (fp32)",
  },
  head: {
    type: 'string',
    describe:
      'with --groups: a head that cem train made, through which vectors of passages and queries go: a run, a checkpoint, or RUN/checkpoints/best; it is kept in the collection',
  },
  'groups-codec': {
    choices: GROUP_CODECS,
    describe: 'with --groups: how groups are stored: 2 bytes a value, 1, or 2 bits beside a centroid (int8)',
  },
} as const;

/**
 * Undefined where no groups are wanted.
 *
 * @throws UsageError `GROUP_SETTINGS` for options that say nothing without others; as recipes do for strategies that are none
 */
export function parseGroupsOptions(options: GroupsOptions): Groups | undefined {
  const { groups, groupsModel, groupsDtype, groupsCodec, head } = options;
  if (groups === undefined) {
    if (groupsModel === undefined && groupsDtype === undefined && groupsCodec === undefined && head === undefined)
      return undefined;
    throw new UsageError(
      'GROUP_SETTINGS',
      '--groups-model, --groups-dtype, --groups-codec and --head go with --groups: give that too',
    );
  }
  if (groupsModel === undefined && groupsDtype !== undefined)
    throw new UsageError('GROUP_SETTINGS', '--groups-dtype goes with --groups-model: name the model too');
  const strategy = (groups === '' ? 'token_pool_topK' : groups) as NonNullable<Groups['vectorizer']>['strategy'] | 'patches';
  return {
    ...(strategy === 'patches' ? { patches: {} } : { vectorizer: { strategy } }),
    ...(head !== undefined && { head }),
    ...(groupsModel !== undefined && {
      encoder: { model: groupsModel, ...(groupsDtype !== undefined && { dtype: groupsDtype }) },
    }),
    ...(groupsCodec !== undefined && { codec: groupsCodec }),
  };
}

/** How `search` ranks anew by groups, as options say it. */
export interface FieldSearchOptions {
  readonly field: boolean;
  readonly fieldCandidates?: number | undefined;
  readonly fieldScorer?: 'field' | 'maxsim' | undefined;
  readonly explain: boolean;
}

export const fieldOptions = {
  field: {
    type: 'boolean',
    default: false,
    describe: 'of a collection with --groups: rank what was found anew, by the vector groups of query and passages',
  },
  'field-candidates': { type: 'number', describe: `with --field: how many results are ranked anew (${FIELD_CANDIDATES})` },
  'field-scorer': {
    choices: ['field', 'maxsim'] as const,
    describe: "with --field: the mean of the query's best three matches, or the sum of all (ColBERT) (field)",
  },
  explain: {
    type: 'boolean',
    default: false,
    describe: "with --field: what each of the query's vectors found in a passage",
  },
} as const;

/** Most candidates: the groups of so many are in memory at once. */
const MOST_CANDIDATES = 10_000;

/**
 * Undefined where nothing is ranked anew.
 *
 * @throws UsageError `FIELD_OPTIONS`
 */
export function parseFieldOptions({ field, fieldCandidates, fieldScorer, explain }: FieldSearchOptions) {
  if (!field) {
    if (fieldCandidates === undefined && fieldScorer === undefined && !explain) return undefined;
    throw new UsageError('FIELD_OPTIONS', '--field-candidates, --field-scorer and --explain go with --field: give that too');
  }
  if (
    fieldCandidates !== undefined &&
    !(Number.isInteger(fieldCandidates) && fieldCandidates >= 1 && fieldCandidates <= MOST_CANDIDATES)
  )
    throw new UsageError(
      'FIELD_OPTIONS',
      `--field-candidates ${fieldCandidates} is no whole number from 1 to ${MOST_CANDIDATES}`,
    );
  return {
    ...(fieldCandidates !== undefined && { candidates: fieldCandidates }),
    ...(fieldScorer !== undefined && { scorer: { scorer: fieldScorer } }),
    explain,
  };
}
