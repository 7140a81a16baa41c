import { UsageError } from '../../base/index.ts';
import type { UnitSettingsInput } from '../../ingest/index.ts';
import { type IngestOptions, type IngestResult, ingest, watchAndIngest } from '../../recipes/ingest/index.ts';
import { type QueueIngestResult, queueIngestion } from '../../recipes/jobs/index.ts';
import { encodeCollectionPictures, IMAGE_ENCODER_GRAMMAR, strategiesOf } from '../../recipes/pictures/index.ts';
import { stopSignal } from '../../server/index.ts';
import { defineCommand } from '../command.ts';
import { checkpointOption } from '../options/checkpoint-option.ts';
import { type GroupsOptions, groupsOptions, parseGroupsOptions } from '../options/groups-options.ts';
import {
  databaseOption,
  hnswOptions,
  modelsOption,
  precisionOption,
  segmentsOption,
  type VectorIndexOptions,
  vectorIndexOfOptions,
  vectorIndexOption,
} from '../options/index-options.ts';
import { withPreset } from '../options/preset-option.ts';
import { describeIngestion, describeQueued, type IngestAnswer } from '../text/ingestion-text.ts';

interface IngestCommandOptions extends VectorIndexOptions, GroupsOptions {
  readonly paths: string[];
  readonly into: string;
  readonly watch: boolean;
  readonly queue: boolean;
  readonly forget: string[] | undefined;
  readonly format: string | undefined;
  readonly label: string[] | undefined;
  readonly units: UnitSettingsInput['strategy'];
  readonly unitMinimum?: number | undefined;
  readonly unitMaximum?: number | undefined;
  readonly passageSize?: number | undefined;
  readonly passageOverlap?: number | undefined;
  readonly tokenizer: string | undefined;
  readonly prune: boolean | undefined;
  readonly pruneNoise?: boolean | undefined;
  readonly figures: IngestOptions['figures'];
  readonly periods?: boolean | undefined;
  readonly terms: 'words' | 'characters' | 'none' | undefined;
  readonly fileSeconds?: number | undefined;
  readonly fileMemory?: number | undefined;
  readonly checkpoint: string | undefined;
  readonly database: string | undefined;
  readonly segments?: string | undefined;
  readonly models: string | undefined;
  readonly ocrModels?: string | undefined;
  readonly images: string | undefined;
  readonly imageVectors?: 'fusion' | 'dual' | 'both' | undefined;
}

/** What a preset says of a new collection. */
const PRESET_OPTIONS = [
  ...['units', 'unit-minimum', 'unit-maximum', 'passage-size', 'passage-overlap', 'periods', 'prune', 'prune-noise', 'figures'],
  ...['precision', 'checkpoint', 'database'],
];

/** Brings a collection to the state of files. */
export const ingestCommand = defineCommand<IngestCommandOptions, IngestAnswer | QueueIngestResult>({
  command: 'ingest [paths..]',
  describe: 'bring a collection to the state of files and folders: parsed, cut into units, packed, indexed',
  examples: [
    ['ingest docs/ report.pdf --into docs.collection', 'make a collection, or bring it up to date'],
    ['ingest --into docs.collection', 'look at all that was ingested before again: only what changed is read'],
    ['ingest docs/ --into docs.collection --watch', 'and again whenever something changes'],
    ['ingest secret/ --into docs.collection --label board', 'found only by those who may see what has this label'],
    ['ingest docs/ --into docs.collection --groups', 'each passage gets a group of vectors of its words, for search --field'],
    ['ingest reports/ --into reports.collection --preset finance', 'set up for reports; a file of settings may stand there, too'],
    [
      'ingest docs/ --into docs.collection --database postgres://host/cem --segments s3://bucket/docs',
      'a collection that any number of machines search and change',
    ],
    [
      'ingest docs/ --into docs.collection --database postgres://host/cem --segments s3://bucket/docs --queue',
      'left to `cem worker` on any number of machines, which read the files under the same paths',
    ],
    ['ingest --into docs.collection --forget docs', 'take the files of docs/ out'],
    ['ingest reports/ --into docs.collection --images Xenova/clip-vit-base-patch32', 'figures are found by their pictures, too'],
  ],
  options: (parser) =>
    withPreset(parser, 'ingest', PRESET_OPTIONS)
      .positional('paths', {
        type: 'string',
        array: true,
        default: [] as string[],
        defaultDescription: 'all that were ingested before',
        describe: 'files and folders',
      })
      .option('into', { type: 'string', demandOption: true, describe: "the collection's folder, made when there is none" })
      .option('watch', { type: 'boolean', default: false, describe: 'go on, and ingest again whenever something changes' })
      .option('queue', {
        type: 'boolean',
        default: false,
        describe: 'with --segments: leave new, changed and gone files to `cem worker`; `cem jobs` says how far they are',
      })
      .option('forget', {
        type: 'string',
        array: true,
        describe: 'take out what was ingested under this name: the last part of its path',
      })
      .option('format', { type: 'string', describe: 'format of all files, in place of what their bytes and names say' })
      .option('label', { type: 'string', array: true, describe: 'label of access that their documents get' })
      .option('units', {
        choices: ['headings', 'sliding', 'document', 'semantic'] as const,
        describe: 'of a new collection: where documents are cut into units (headings)',
      })
      .option('unit-minimum', {
        type: 'number',
        describe: 'of a new collection: tokens below which neighbours are joined (2000, or a third of the maximum that is given)',
      })
      .option('unit-maximum', { type: 'number', describe: 'of a new collection: most tokens of a unit (6000)' })
      .option('passage-size', { type: 'number', describe: 'of a new collection: bytes of a passage (1024)' })
      .option('passage-overlap', { type: 'number', describe: 'of a new collection: bytes that neighbouring passages share (0)' })
      .option('tokenizer', {
        type: 'string',
        describe: "of a new collection: what units are measured by, o200k_base or the folder of a model's tokenizer (o200k_base)",
      })
      .option('prune', {
        type: 'boolean',
        describe: 'of a new collection: leave out page numbers, copyright lines and links to move about (yes)',
      })
      .option('prune-noise', {
        type: 'boolean',
        describe:
          'of a new collection: leave out advertisements, disclaimers and what stands beside a text too, as a small classifier tells them (no)',
      })
      .option('figures', {
        choices: ['store', 'reference', 'none'] as const,
        describe:
          'of a new collection: pictures of documents are kept beside their texts, or only described, or passed over (store)',
      })
      .option('periods', {
        type: 'boolean',
        describe:
          "of a new collection: units get year, quarter, period_start and period_end as fields for --filter, from what their headings or their document's title say (no)",
      })
      .option('terms', {
        choices: ['words', 'characters', 'none'] as const,
        describe:
          'of a new collection: what passages are cut into for search by words: words with stems and identifiers, whole words and characters, or nothing (words)',
      })
      .options(groupsOptions)
      .option('file-seconds', { type: 'number', describe: 'time that parsing one file may take (60)' })
      .option('file-memory', { type: 'number', describe: 'megabytes that parsing one file may take (1024)' })
      .option('images', {
        type: 'string',
        describe: `encode the pictures of figures, with ${IMAGE_ENCODER_GRAMMAR}; afterwards changed ones are encoded without it`,
      })
      .option('image-vectors', {
        choices: ['fusion', 'dual', 'both'] as const,
        describe:
          'with --images: one vector of a picture and what is said of it (fusion), one of the picture beside that of its description (dual), or both',
      })
      .option('checkpoint', checkpointOption)
      .option('database', databaseOption)
      .option('segments', segmentsOption)
      .option('precision', precisionOption)
      .option('vector-index', vectorIndexOption)
      .options(hnswOptions)
      .option('models', { ...modelsOption, describe: 'folder where searches look for the teacher before the hub' })
      .option('ocr-models', {
        type: 'string',
        describe:
          'folder of the models that read texts in pictures and scanned pages, as cem fetch-ocr fetches them, or none (CEM_OCR_MODELS, else PP-OCRv6-small in --models, where it is there)',
      }),
  async run({ label, units, unitMinimum, unitMaximum, fileSeconds, fileMemory, watch, groups, ...options }, listener) {
    const wanted: IngestOptions = {
      ...options,
      labels: label,
      groups: parseGroupsOptions({ groups, ...options }),
      units: unitSettingsOf({ strategy: units, minimumTokens: unitMinimum, maximumTokens: unitMaximum }),
      limits: {
        ...(fileSeconds !== undefined && { seconds: fileSeconds }),
        ...(fileMemory !== undefined && { memory: fileMemory }),
      },
      vectorIndex: vectorIndexOfOptions(options),
      listener,
    };
    const { into, images, imageVectors } = options;
    if (options.queue) return queueFiles({ ...options, watch }, wanted);
    const encode = async (result: IngestResult): Promise<IngestAnswer> => {
      const pictures = await encodeCollectionPictures({
        ...options,
        collection: into,
        images,
        ...(imageVectors && { strategies: strategiesOf(imageVectors) }),
        listener,
        signal: wanted.signal,
      });
      return { ...result, ...(pictures && { pictures }) };
    };
    if (!watch) return encode(await ingest(wanted));
    const stop = new AbortController();
    void stopSignal().then((name) =>
      stop.abort(new UsageError('INGEST_STOPPED', `stopped by ${name}; nothing is left half done`)),
    );
    let last: IngestAnswer | undefined;
    await watchAndIngest({ ...wanted, signal: stop.signal }, async (result) => {
      last = await encode(result);
      for (const line of describeIngestion(last).split('\n')) listener.note(line);
    });
    return last!;
  },
  text: (answer) => ('queued' in answer ? describeQueued(answer) : describeIngestion(answer)),
});

/** @throws UsageError `INGEST_QUEUE` for wishes that workers do not fulfil */
function queueFiles(
  options: Pick<IngestCommandOptions, 'watch' | 'forget' | 'images'>,
  wanted: IngestOptions,
): Promise<QueueIngestResult> {
  const { database, segments } = wanted;
  if (database === undefined || segments === undefined)
    throw new UsageError(
      'INGEST_QUEUE',
      '--queue is for collections that machines share: give --database and --segments as well',
    );
  const other = [
    ...(options.watch ? ['--watch'] : []),
    ...(options.forget ? ['--forget'] : []),
    ...(options.images === undefined ? [] : ['--images']),
    ...(wanted.groups ? ['--groups'] : []),
  ][0];
  if (other !== undefined)
    throw new UsageError('INGEST_QUEUE', `${other} is not for workers: run \`cem ingest\` with it and without --queue`);
  return queueIngestion({ ...wanted, database, segments });
}

/** The least tokens of a unit, where only the most are said. */
const MINIMUM_SHARE = 1 / 3;

/** Undefined where nothing is said of units. */
function unitSettingsOf({ minimumTokens, maximumTokens, strategy }: UnitSettingsInput): UnitSettingsInput | undefined {
  const least = minimumTokens ?? (maximumTokens && Math.floor(maximumTokens * MINIMUM_SHARE));
  const said = Object.entries({ strategy, minimumTokens: least, maximumTokens }).filter(([, value]) => value !== undefined);
  return said.length === 0 ? undefined : (Object.fromEntries(said) as UnitSettingsInput);
}
