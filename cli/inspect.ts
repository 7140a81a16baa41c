import { stat } from 'node:fs/promises';
import { DocumentReader, mappingPathOf } from '../data/index.ts';
import { ZpkgReader, type ZpkgStatistics } from '../zpkg/index.ts';
import { defineCommand } from './command.ts';
import { formatBytes, formatShare } from './format.ts';

interface InspectResult extends ZpkgStatistics {
  readonly path: string;
  /** Null when no mapping stands beside the container. */
  readonly documents: number | null;
  readonly mappingBytes: number;
  /** 1 - (container and mapping) / text; replaces the container's own. */
  readonly saving: number;
}

const BAR_WIDTH = 40;

export const inspectCommand = defineCommand<{ readonly zpkg: string }, InspectResult>({
  command: 'inspect <zpkg>',
  describe: 'show the sizes of a container; nothing is decompressed',
  examples: [['inspect corpus.zpkg', 'sizes, saving, and how large its chunks are']],
  options: (parser) => parser.positional('zpkg', { type: 'string', demandOption: true, describe: 'the container' }),
  run: async ({ zpkg }) => {
    const mapping = await stat(mappingPathOf(zpkg)).catch(() => undefined);
    if (mapping === undefined) {
      const container = await ZpkgReader.open(zpkg);
      try {
        return { path: zpkg, ...(await container.statistics()), documents: null, mappingBytes: 0 };
      } finally {
        await container.close();
      }
    }
    const reader = await DocumentReader.open(zpkg);
    try {
      const statistics = await reader.container.statistics();
      const stored = statistics.fileBytes + mapping.size;
      const saving = statistics.contentBytes === 0 ? 0 : 1 - stored / statistics.contentBytes;
      return { path: zpkg, ...statistics, documents: reader.documentCount, mappingBytes: mapping.size, saving };
    } finally {
      await reader.close();
    }
  },
  text: (result) => {
    const most = Math.max(1, ...result.histogram.map((row) => row.chunks));
    return [
      `${result.path}: zpkg version ${result.version}, ${result.profile}, ${result.documents ?? 'unknown (no mapping)'} documents, ${result.chunks} chunks`,
      `  container   ${formatBytes(result.fileBytes)}`,
      `    dictionary ${formatBytes(result.dictionaryBytes)}`,
      `    chunks     ${formatBytes(result.chunkBytes)}`,
      `    index      ${formatBytes(result.indexBytes)}`,
      `  mapping     ${formatBytes(result.mappingBytes)}`,
      `  text        ${formatBytes(result.contentBytes)}`,
      `  saving      ${formatShare(result.saving)} (container alone: ratio ${result.ratio.toFixed(2)})`,
      `chunks: smallest ${result.smallest}, median ${result.median}, mean ${result.mean.toFixed(0)}, largest ${result.largest} bytes`,
      ...result.histogram.map((row) => {
        const bar = '#'.repeat(Math.ceil((BAR_WIDTH * row.chunks) / most));
        return `  ${String(row.from).padStart(10)} .. ${String(2 * row.from - 1).padEnd(10)} ${String(row.chunks).padStart(9)} ${bar}`.trimEnd();
      }),
    ].join('\n');
  },
});
