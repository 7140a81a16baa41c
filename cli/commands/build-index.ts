import { resolve } from 'node:path';
import { type LoadedStudent, loadStudent } from '../../checkpoints/index.ts';
import { openCorpus, type PackedCorpus } from '../../data/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { corpusIdentity, IndexFolder, type IndexingResult, type IndexMakers, synchroniseIndex } from '../../rag/index.ts';
import type { VectorIndex } from '../../search/index.ts';
import type { VectorIndexRecall, VectorPrecision } from '../../search/postgres/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { checkpointOption, checkpointOrDefault } from '../options/default-checkpoint.ts';
import {
  databaseOption,
  hnswOptions,
  indexOption,
  modelsOption,
  precisionOption,
  type VectorIndexOptions,
  vectorIndexOfOptions,
  vectorIndexOption,
} from '../options/index-options.ts';
import type { Reporter } from '../output/reporter.ts';

/** By how many of the index's own vectors, at which depth, a graph is held against exact search. */
const RECALL_QUERIES = 100;
const RECALL_DEPTH = 10;

interface IndexOptions extends VectorIndexOptions {
  readonly checkpoint: string | undefined;
  readonly zpkg: string;
  readonly index: string;
  readonly database: string | undefined;
  readonly models: string | undefined;
}

/** What `cem index` did; printed by `--json`. */
interface IndexReport extends IndexingResult {
  readonly index: string;
  readonly dimension: number;
  /** Content hash. */
  readonly checkpoint: string;
  readonly teacher: string;
  readonly precision: VectorPrecision;
  readonly vectorIndex: VectorIndex;
  /** What an approximate index finds of the exact results, over some of its own vectors; absent where search is exact, or nothing has changed. */
  readonly recall?: VectorIndexRecall;
  readonly seconds: number;
}

async function encodeIntoIndex(
  folder: IndexFolder,
  reader: PackedCorpus,
  student: LoadedStudent['student'],
  reporter: Reporter,
): Promise<IndexingResult> {
  const stage = reporter.stage('index');
  try {
    const result = await synchroniseIndex(reader, student, folder.store, {
      onProgress: (done, total) => stage.progress(done, total),
    });
    await folder.finish(result);
    stage.done(`${result.documents} documents, ${result.encoded} of ${result.chunks} chunks encoded`);
    return result;
  } catch (error) {
    stage.fail();
    throw error;
  }
}

function makersOf(checkpoint: LoadedStudent, zpkg: { path: string; identity: string }, models: string | undefined): IndexMakers {
  const { id, revision, config, probe } = checkpoint.state.teacher;
  return {
    checkpoint: { path: checkpoint.folder, hash: checkpoint.hash },
    teacher: {
      id,
      revision,
      config,
      ...(probe && { probe }),
      ...(checkpoint.teacherFolder === undefined ? {} : { folder: checkpoint.teacherFolder }),
      ...(models === undefined ? {} : { models: resolve(models) }),
    },
    dimension: checkpoint.student.dimension,
    zpkg,
  };
}

/** What `cem index` does, for `cem serve` and the demo too. */
export async function runIndex(
  { checkpoint: namedCheckpoint, zpkg, index, database, models, backend, ...options }: IndexOptions & GlobalOptions,
  reporter: Reporter,
): Promise<IndexReport> {
  const start = performance.now();
  const vectorIndex = vectorIndexOfOptions(options);
  const checkpointPath = checkpointOrDefault(namedCheckpoint);
  // The container first: its errors are the cheapest to find.
  const reader = await openCorpus(zpkg);
  try {
    reporter.note(describeBackend(await selectBackend(parseBackendRequest(backend))));
    if (namedCheckpoint === undefined) reporter.note(`checkpoint: ${checkpointPath}, since no other is named`);
    const checkpoint = await loadStudent(checkpointPath);
    try {
      const makers = makersOf(checkpoint, { path: resolve(zpkg), identity: await corpusIdentity(reader) }, models);
      const folder = await IndexFolder.openForIndexing(index, makers, {
        ...(database !== undefined && { database }),
        ...(options.precision !== undefined && { precision: options.precision }),
        ...(vectorIndex !== undefined && { vectorIndex }),
        ...(checkpoint.query && { queryStudent: checkpoint.query }),
      });
      try {
        const result = await encodeIntoIndex(folder, reader, checkpoint.student, reporter);
        const changed = result.encoded > 0 || result.updated > 0 || result.removed > 0 || vectorIndex !== undefined;
        return {
          index: folder.path,
          ...result,
          dimension: makers.dimension,
          checkpoint: makers.checkpoint.hash,
          teacher: makers.teacher.id,
          ...folder.vectors,
          ...(changed &&
            folder.vectors.vectorIndex.kind !== 'none' && { recall: await folder.measureRecall(RECALL_QUERIES, RECALL_DEPTH) }),
          seconds: (performance.now() - start) / 1000,
        };
      } finally {
        await folder.close();
      }
    } finally {
      checkpoint.dispose();
    }
  } finally {
    await reader.close();
  }
}

function describeVectorIndex({ precision, vectorIndex, recall }: IndexReport): string {
  const half = precision === 'half' ? ' halves' : '';
  const kind = vectorIndex.kind === 'none' ? '' : `, ${vectorIndex.kind}`;
  return `${half}${kind}${recall === undefined ? '' : ` with recall@${recall.k} ${recall.recall.toFixed(3)} against exact search`}`;
}

function describeChanges({ encoded, updated, removed, empty }: IndexReport): string {
  return [
    `${encoded} encoded now`,
    ...(updated > 0 ? [`${updated} with new metadata`] : []),
    `${removed} outdated rows removed`,
    ...(empty > 0 ? [`${empty} without content, which no search finds`] : []),
  ].join(', ');
}

/** Makes or updates an index. */
export const indexCommand = defineCommand<IndexOptions, IndexReport>({
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
      'halve the vectors, and search approximately, for millions of chunks',
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
      .option('vector-index', vectorIndexOption)
      .options(hnswOptions)
      .option('models', { ...modelsOption, describe: 'folder where searches in this index look for the teacher before the hub' }),
  run: runIndex,
  text: (report) =>
    `${report.index}: ${report.documents} documents, ${report.chunks} chunks (${describeChanges(report)}), ` +
    `${report.dimension}-d${describeVectorIndex(report)}, ${report.seconds.toFixed(1)} s`,
});
