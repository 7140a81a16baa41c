import { unreadNote } from '../../encoders/index.ts';
import { type BuildIndexResult, buildIndex } from '../../recipes/index-corpus/index.ts';
import { defineCommand } from '../command.ts';
import { checkpointOption } from '../options/checkpoint-option.ts';
import {
  databaseOption,
  hnswOptions,
  indexOption,
  modelsOption,
  partitionsOption,
  precisionOption,
  type VectorIndexOptions,
  vectorIndexOfOptions,
  vectorIndexOption,
} from '../options/index-options.ts';

interface IndexOptions extends VectorIndexOptions {
  readonly checkpoint: string | undefined;
  readonly zpkg: string;
  readonly index: string;
  readonly database: string | undefined;
  readonly models: string | undefined;
  readonly partitions?: number | undefined;
}

const PRECISION_TEXTS = { single: '', half: ' halves', int8: ' int8', binary: ' binary codes and int8' } as const;

function describeVectorIndex({ precision, vectorIndex, recall }: BuildIndexResult): string {
  const kept = PRECISION_TEXTS[precision];
  const kind = vectorIndex.kind === 'none' ? '' : `, ${vectorIndex.kind}`;
  return `${kept}${kind}${recall === undefined ? '' : ` with recall@${recall.k} ${recall.recall.toFixed(3)} against exact search`}`;
}

/** Of passages, where there are more than chunks. */
function describeCounts({ documents, chunks, passages }: BuildIndexResult): string {
  return `${documents} documents, ${chunks} chunks${passages === chunks ? '' : `, ${passages} passages`}`;
}

function describeChanges({ encoded, updated, termed = 0, removed, empty, unread }: BuildIndexResult): string {
  return [
    `${encoded} encoded now`,
    ...(updated > 0 ? [`${updated} with new metadata`] : []),
    ...(termed > 0 ? [`${termed} with their terms`] : []),
    `${removed} outdated rows removed`,
    ...(empty > 0 ? [`${empty} without content, which no search finds`] : []),
    ...(unread === undefined ? [] : [unreadNote(unread, encoded)]),
  ].join(', ');
}

/** Makes or updates an index. */
export const indexCommand = defineCommand<IndexOptions, BuildIndexResult>({
  command: 'index',
  describe: 'encode the compressed chunks of a zpkg or a corpus folder with a checkpoint into a search index',
  examples: [
    ['index --checkpoint runs/demo --zpkg corpus.zpkg --index corpus.index', 'make an index, or bring it up to date'],
    ['index --zpkg corpus.zpkg --index corpus.index', 'with the checkpoint that comes with the package'],
    [
      'index --checkpoint C --zpkg Z --index I --database postgres://user@host/db',
      'keep the vectors in a PostgreSQL server with pgvector',
    ],
    [
      'index --checkpoint C --zpkg Z --index I --precision half --vector-index hnsw',
      'halve the vectors, and search approximately, for millions of passages',
    ],
    [
      'index --checkpoint C --zpkg Z --index I --precision binary',
      'less than a third of the bytes of a vector, searched in milliseconds',
    ],
  ],
  options: (parser) =>
    parser
      .option('checkpoint', checkpointOption)
      .option('zpkg', {
        type: 'string',
        demandOption: true,
        describe: 'container to index, with its mapping beside it, or corpus folder',
      })
      .option('index', { ...indexOption, describe: 'folder of the index' })
      .option('database', databaseOption)
      .option('precision', precisionOption)
      .option('partitions', partitionsOption)
      .option('vector-index', vectorIndexOption)
      .options(hnswOptions)
      .option('models', { ...modelsOption, describe: 'folder where searches in this index look for the teacher before the hub' }),
  run: ({ zpkg, ...options }, listener) =>
    buildIndex({ ...options, corpus: zpkg, vectorIndex: vectorIndexOfOptions(options), listener }),
  text: (report) =>
    `${report.index}: ${describeCounts(report)} (${describeChanges(report)}), ` +
    `${report.dimension}-d${describeVectorIndex(report)}${report.analyzer === undefined ? '' : ', and terms'}, ${report.seconds.toFixed(1)} s`,
});
