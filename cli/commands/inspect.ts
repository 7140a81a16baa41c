import { stat } from 'node:fs/promises';
import { CemError, formatBytes, formatShare, type SizeDistribution } from '../../base/index.ts';
import {
  type CorpusStatistics,
  corpusStatistics,
  DocumentReader,
  isCorpusFolder,
  type PassageStatistics,
  passageStatistics,
  SegmentedCorpus,
} from '../../data/index.ts';
import { ZpkgReader, type ZpkgStatistics } from '../../zpkg/index.ts';
import { defineCommand } from '../command.ts';

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

const BAR_WIDTH = 40;

export const inspectCommand = defineCommand<{ readonly zpkg: string }, ContainerResult | CorpusStatistics>({
  command: 'inspect <zpkg>',
  describe: 'show the sizes of a container or a corpus folder; nothing is decompressed',
  examples: [['inspect corpus.zpkg', 'sizes, saving, and how large its chunks are']],
  options: (parser) =>
    parser.positional('zpkg', { type: 'string', demandOption: true, describe: 'the container, or a corpus folder' }),
  run: async ({ zpkg }) => ((await isCorpusFolder(zpkg)) ? inspectFolder(zpkg) : inspectContainer(zpkg)),
  text: (result) =>
    [
      ...('segments' in result ? folderLines(result) : containerLines(result)),
      ...passageLines(result),
      ...distributionLines(result),
    ].join('\n'),
});

async function inspectContainer(path: string): Promise<ContainerResult> {
  const reader = await DocumentReader.open(path).catch((error: unknown) => {
    if (error instanceof CemError && error.code === 'FILE_OPEN') return undefined;
    throw error;
  });
  if (reader === undefined) {
    const container = await ZpkgReader.open(path);
    try {
      return { path, ...(await container.statistics()), documents: null, mappingBytes: 0, metadataBytes: 0 };
    } finally {
      await container.close();
    }
  }
  try {
    const statistics = await reader.container.statistics();
    const mappingBytes = (await stat(reader.mapping.path)).size;
    const metadataBytes = reader.metadata?.size ?? 0;
    const stored = statistics.fileBytes + mappingBytes + metadataBytes;
    const passages = await passageStatistics(reader);
    const saving = statistics.contentBytes === 0 ? 0 : 1 - stored / statistics.contentBytes;
    return { path, ...statistics, documents: reader.documentCount, mappingBytes, metadataBytes, ...passages, saving };
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
function passageBytesLines({ passageBytes = 0 }: Partial<PassageStatistics>): string[] {
  return passageBytes > 0 ? [`    passages   ${formatBytes(passageBytes)}`] : [];
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
