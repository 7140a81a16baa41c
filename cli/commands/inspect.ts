import { CemError, formatBytes, formatShare, type SizeDistribution, UsageError } from '../../base/index.ts';
import {
  type CorpusStatistics,
  corpusStatistics,
  DocumentReader,
  isCorpusFolder,
  type PassageStatistics,
  passageStatistics,
  SegmentedCorpus,
} from '../../data/index.ts';
import { type SystemStorage, systemStorage, systemTable } from '../../eval/storage/index.ts';
import { ZpkgReader, type ZpkgStatistics } from '../../zpkg/index.ts';
import { defineCommand } from '../command.ts';
import { type IndexStatistics, indexStatistics, isIndexFolder } from '../inspect/index-statistics.ts';
import { databaseOption } from '../options/index-options.ts';

interface ContainerResult extends ZpkgStatistics, Partial<PassageStatistics> {
  readonly path: string;
  /** Null when no mapping stands beside the container; nothing is said of passages then. */
  readonly documents: number | null;
  readonly mappingBytes: number;
  /** 0 without metadata. */
  readonly metadataBytes: number;
  /** 1 - (container, mapping and metadata) / text; replaces the container's own. */
  readonly saving: number;
}

/** A container or a corpus folder, with the vectors that a search over it needs. */
type CorpusResult = (ContainerResult | CorpusStatistics) & {
  /** Everything that search over the corpus stores, at each precision of its vectors. */
  readonly system: SystemStorage;
};

interface InspectOptions {
  readonly zpkg: string;
  readonly dimension: number | undefined;
  readonly database: string | undefined;
}

const BAR_WIDTH = 40;
/** Of the encoder that comes with the package. */
const DEFAULT_DIMENSION = 384;

/** Of an index: its vectors, and the corpus that it was made from. */
type InspectResult = CorpusResult | (IndexStatistics & { readonly corpus: CorpusResult });

export const inspectCommand = defineCommand<InspectOptions, InspectResult>({
  command: 'inspect <zpkg>',
  describe: 'show the sizes of a container, a corpus folder or an index; nothing is decompressed',
  examples: [
    ['inspect corpus.zpkg', 'sizes, saving, how large its chunks are, and what a search over it would store'],
    ['inspect corpus.zpkg --dimension 1024', 'the same for vectors of 1024 values'],
    ['inspect index', 'the vectors of an index and the corpus that it was made from'],
  ],
  options: (parser) =>
    parser
      .positional('zpkg', {
        type: 'string',
        demandOption: true,
        describe: 'the container, a corpus folder, or the folder of an index',
      })
      .option('dimension', {
        type: 'number',
        defaultDescription: String(DEFAULT_DIMENSION),
        describe: 'values of a vector, for the bytes of the whole system; an index knows its own',
      })
      .option('database', databaseOption),
  run: async ({ zpkg, dimension, database }) => {
    if (dimension !== undefined && (!Number.isInteger(dimension) || dimension < 1))
      throw new UsageError('INSPECT_DIMENSION', `--dimension ${dimension} is no number of values: a whole number from 1 on`);
    if (!(await isIndexFolder(zpkg))) return inspectCorpus(zpkg, { dimension: dimension ?? DEFAULT_DIMENSION });
    if (dimension !== undefined)
      throw new UsageError('INSPECT_DIMENSION', `${zpkg} is an index, whose vectors have their length: leave --dimension out`);
    const index = await indexStatistics(zpkg, database);
    return { ...index, corpus: await inspectCorpus(index.zpkg, { dimension: index.dimension, rows: index.rows }) };
  },
  text: (result) => {
    const corpus = 'corpus' in result ? result.corpus : result;
    return [
      ...('corpus' in result ? indexLines(result) : []),
      ...('segments' in corpus ? folderLines(corpus) : containerLines(corpus)),
      ...passageLines(corpus),
      ...distributionLines(corpus),
      systemTable(corpus.system),
    ].join('\n');
  },
});

/** @param rows vectors; by default one a passage */
async function inspectCorpus(
  path: string,
  { dimension, rows }: { readonly dimension: number; readonly rows?: number },
): Promise<CorpusResult> {
  const result = (await isCorpusFolder(path)) ? await inspectFolder(path) : await inspectContainer(path);
  const { contentBytes: text, dictionaryBytes: dictionary, mappingBytes: mapping } = result;
  const segments = 'segments' in result;
  const container = segments ? result.segments.reduce((sum, { bytes }) => sum + bytes, 0) : result.fileBytes;
  const passages = result.passageBytes ?? 0;
  const terms = result.termBytes ?? 0;
  const metadata = result.metadataBytes - passages - terms + (segments ? result.manifestBytes : 0);
  const parts = { text, container, dictionary, mapping, metadata, passages, ...(terms > 0 && { terms }) };
  return { ...result, system: systemStorage(parts, { rows: rows ?? result.passages ?? result.chunks, dimension }) };
}

async function inspectContainer(path: string): Promise<ContainerResult> {
  const reader = await DocumentReader.open(path).catch((error: unknown) => {
    if (error instanceof CemError && error.code === 'FILE_OPEN') return undefined;
    throw error;
  });
  if (reader === undefined) {
    const container = await ZpkgReader.open(path);
    try {
      return { path: container.path, ...(await container.statistics()), documents: null, mappingBytes: 0, metadataBytes: 0 };
    } finally {
      await container.close();
    }
  }
  try {
    const statistics = await reader.container.statistics();
    const mappingBytes = reader.mapping.size;
    const metadataBytes = reader.metadata?.size ?? 0;
    const stored = statistics.fileBytes + mappingBytes + metadataBytes;
    const passages = await passageStatistics(reader);
    const saving = statistics.contentBytes === 0 ? 0 : 1 - stored / statistics.contentBytes;
    return {
      path: reader.container.path,
      ...statistics,
      documents: reader.documentCount,
      mappingBytes,
      metadataBytes,
      ...passages,
      saving,
    };
  } finally {
    await reader.close();
  }
}

async function inspectFolder(path: string): Promise<CorpusStatistics> {
  const corpus = await SegmentedCorpus.open(path);
  try {
    return await corpusStatistics(corpus);
  } finally {
    await corpus.close();
  }
}

function indexLines({ path, documents, rows, dimension, precision, folderBytes, database }: IndexStatistics): string[] {
  return [
    `${path}: index of ${documents} documents, ${rows} vectors of ${dimension} values, ${precision}`,
    `  on disk     ${formatBytes(folderBytes)}${database === null ? ' (its database and all else in the folder)' : ` in the folder; the vectors lie in ${database}`}`,
  ];
}

function containerLines(result: ContainerResult): string[] {
  return [
    `${result.path}: zpkg version ${result.version}, ${result.profile}, ${result.documents ?? 'unknown (no mapping)'} documents, ${result.chunks} chunks`,
    `  container   ${formatBytes(result.fileBytes)}`,
    `    dictionary ${formatBytes(result.dictionaryBytes)}`,
    `    chunks     ${formatBytes(result.chunkBytes)}`,
    `    index      ${formatBytes(result.indexBytes)}`,
    `  mapping     ${formatBytes(result.mappingBytes)}`,
    ...(result.metadataBytes > 0 ? [`  metadata    ${formatBytes(result.metadataBytes)}`] : []),
    ...passageBytesLines(result),
    `  text        ${formatBytes(result.contentBytes)}`,
    `  saving      ${formatShare(result.saving)} (container alone: ratio ${result.ratio.toFixed(2)})`,
  ];
}

function folderLines(result: CorpusStatistics): string[] {
  return [
    `${result.path}: corpus of ${result.segments.length} segments, generation ${result.generation}, ${result.documents} documents, ${result.chunks} chunks`,
    ...result.segments.map(
      ({ file, bytes, documents, removedDocuments }) =>
        `  ${file.padEnd(20)} ${formatBytes(bytes).padStart(7)}, ${documents} documents, ${removedDocuments} removed`,
    ),
    `  all files   ${formatBytes(result.fileBytes)}`,
    `    dictionary ${formatBytes(result.dictionaryBytes)}${result.segments.length > 1 ? ' (one copy a segment)' : ''}`,
    `    chunks     ${formatBytes(result.chunkBytes)}`,
    `    removed    ${formatBytes(result.removedBytes)}${result.removedBytes > 0 ? ' (`cem compact` frees them)' : ''}`,
    `    mappings   ${formatBytes(result.mappingBytes)}`,
    ...(result.metadataBytes > 0 ? [`    metadata   ${formatBytes(result.metadataBytes)}`] : []),
    ...passageBytesLines(result),
    `    manifest   ${formatBytes(result.manifestBytes)}`,
    `  text        ${formatBytes(result.contentBytes)}`,
    `  saving      ${formatShare(result.saving)} (ratio ${result.ratio.toFixed(2)})`,
  ];
}

/** Part of the metadata. */
function passageBytesLines({ passageBytes = 0, termBytes = 0 }: Partial<PassageStatistics>): string[] {
  return [
    ...(passageBytes > 0 ? [`    passages   ${formatBytes(passageBytes)}`] : []),
    ...(termBytes > 0 ? [`    terms      ${formatBytes(termBytes)}`] : []),
  ];
}

function passageLines({ passages, passageBytes = 0, passageSizes }: Partial<PassageStatistics>): string[] {
  if (passageSizes === undefined || passageBytes === 0) return [];
  const { smallest, median, largest } = passageSizes;
  return [`passages: ${passages}, smallest ${smallest}, median ${median}, largest ${largest} bytes of text`];
}

function distributionLines(result: SizeDistribution): string[] {
  const most = Math.max(1, ...result.histogram.map((row) => row.chunks));
  return [
    `chunks: smallest ${result.smallest}, median ${result.median}, mean ${result.mean.toFixed(0)}, largest ${result.largest} bytes`,
    ...result.histogram.map((row) => {
      const bar = '#'.repeat(Math.ceil((BAR_WIDTH * row.chunks) / most));
      return `  ${String(row.from).padStart(10)} .. ${String(2 * row.from - 1).padEnd(10)} ${String(row.chunks).padStart(9)} ${bar}`.trimEnd();
    }),
  ];
}
