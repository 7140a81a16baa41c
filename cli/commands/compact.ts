import { formatBytes } from '../../base/index.ts';
import type { CompactReport } from '../../data/index.ts';
import { compactCorpus } from '../../recipes/pack/index.ts';
import { defineCommand } from '../command.ts';

interface CompactCommandOptions {
  readonly corpus: string;
  readonly recompress: boolean;
}

export const compactCommand = defineCommand<CompactCommandOptions, CompactReport>({
  command: 'compact <corpus>',
  describe: 'merge the segments of a corpus folder into one, without what was removed',
  examples: [
    ['compact docs.corpus', 'chunks are copied as they are: an index of the corpus stays right'],
    ['compact docs.corpus --recompress', 'train the dictionary again, on all documents'],
  ],
  options: (parser) =>
    parser.positional('corpus', { type: 'string', demandOption: true, describe: 'the corpus folder' }).option('recompress', {
      type: 'boolean',
      default: false,
      describe: 'pack all documents again with a new dictionary; indexes of the corpus then encode all of them again',
    }),
  run: ({ corpus, recompress }, listener) => compactCorpus({ corpus, recompress, listener }),
  text: (report) =>
    `${report.path}: ${report.segmentsBefore} segments (${formatBytes(report.bytesBefore)}) became ${report.segments} (${formatBytes(report.bytes)}), ` +
    `${report.documents} documents in ${report.chunks} chunks`,
});
