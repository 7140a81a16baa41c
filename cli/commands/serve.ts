import type { FastifyBaseLogger } from 'fastify';
import { destination, pino } from 'pino';
import { isCemError, type Listener, UsageError } from '../../base/index.ts';
import { openCorpus } from '../../data/index.ts';
import { corpusIdentity, IndexFolder, type QueryEncoderChoice, type RetrieverChoice } from '../../rag/index.ts';
import { buildIndex, openSearcher } from '../../recipes/index.ts';
import { checkListening } from '../../server/access/index.ts';
import { createServer, listen, serve, stopSignal } from '../../server/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { checkpointOption } from '../options/checkpoint-option.ts';
import {
  codesMemoryOf,
  codesMemoryOption,
  databaseOption,
  indexOption,
  modelsOption,
  queriesOption,
  retrieversOption,
  segmentsOption,
  type TiersOptions,
  tiersOf,
  tiersOptions,
} from '../options/index-options.ts';
import { checkPort } from '../options/port-option.ts';
import { withPreset } from '../options/preset-option.ts';
import {
  type CollectionServingOptions,
  collectionServingOptions,
  refuseCollectionOptions,
  servingChoices,
} from '../options/serving-options.ts';

interface ServeOptions extends CollectionServingOptions, TiersOptions {
  readonly collections: string | undefined;
  readonly index: string | undefined;
  readonly port: number;
  readonly host: string;
  readonly insecure: boolean;
  readonly log: string;
  readonly database: string | undefined;
  readonly segments?: string | undefined;
  readonly models: string | undefined;
  readonly queries: QueryEncoderChoice | undefined;
  readonly retrievers: RetrieverChoice | undefined;
  readonly codesMemory?: number | undefined;
  readonly zpkg: string | undefined;
  readonly checkpoint: string | undefined;
}

/** What is left to say when the service has stopped. */
interface ServeReport {
  readonly address: string;
  readonly stoppedBy: string;
}

const DEFAULT_PORT = 8080;
const STANDARD_ERROR = 2;
/** After the requests in flight have had their time: together less than 5 s of an index, and 10 s of collections. */
const CLOSE_MS = 1_000;
/** Of collections, from the signal on: answers in flight and changes that run have had theirs. */
const CLOSE_COLLECTIONS_MS = 9_500;

/** Serves collections, or one index, over HTTP until it is told to stop. */
export const serveCommand = defineCommand<ServeOptions, ServeReport>({
  command: 'serve',
  describe: 'serve collections over HTTP (documents, search, answers), or searches of one index',
  examples: [
    [
      'serve --collections library',
      'every collection in the folder library, on http://127.0.0.1:8080, until Ctrl-C; GET /docs says what there is',
    ],
    ['serve --collections library --preset production.yaml', 'answers as a file of settings says'],
    ['serve --collections library --host 0.0.0.0', 'for other machines too: make keys first, with `cem keys add`'],
    ['serve --collections library --llm http://127.0.0.1:8000/v1 --llm-model qwen', 'a chat model writes the answers'],
    [
      'serve --index corpus.index --zpkg corpus.zpkg',
      'make the index first, or bring it up to date: POST /v1/search, GET /health',
    ],
    ['serve --index corpus.index --host 0.0.0.0 --insecure', 'for other machines too: there is no access control'],
  ],
  options: (parser) =>
    withPreset(parser, 'answer', Object.keys(collectionServingOptions))
      .option('collections', { type: 'string', describe: 'folder of collections, each a folder in it; made where there is none' })
      .option('index', { ...indexOption, demandOption: false, describe: 'folder of one index, in place of collections' })
      .option('port', { type: 'number', default: DEFAULT_PORT, describe: 'port to listen on; 0 takes a free one' })
      .option('host', { type: 'string', default: '127.0.0.1', describe: 'address to listen on' })
      .option('insecure', {
        type: 'boolean',
        default: false,
        describe: 'listen where other machines reach it though no keys are asked for',
      })
      .option('log', {
        type: 'string',
        default: 'info',
        choices: ['debug', 'info', 'warn', 'error', 'silent'],
        describe: 'what is logged, as JSON lines on standard error',
      })
      .option('zpkg', {
        type: 'string',
        describe:
          'with --index: container or corpus folder that is encoded into the index before it is served, where the index lacks any of it',
      })
      .option('checkpoint', { ...checkpointOption, describe: `of new collections, or with --zpkg: ${checkpointOption.describe}` })
      .option('database', databaseOption)
      .option('segments', {
        ...segmentsOption,
        describe:
          'with --collections and --database: s3://BUCKET/PREFIX; new collections have their segments under PREFIX/NAME, where any number of servers share them',
      })
      .option('codes-memory', codesMemoryOption)
      .options(tiersOptions)
      .option('models', modelsOption)
      .option('queries', queriesOption)
      .option('retrievers', { ...retrieversOption, describe: `with --index: ${retrieversOption.describe}` })
      .options(collectionServingOptions),
  async run(options, listener) {
    const { collections, index, port, log } = options;
    checkPort(port);
    const logger = pino({ level: log }, destination(STANDARD_ERROR));
    if (collections !== undefined && index === undefined) return serveCollections({ ...options, collections }, logger, listener);
    if (index !== undefined && collections === undefined) {
      refuseCollectionOptions(options);
      return serveIndex({ ...options, index }, logger, listener);
    }
    throw new UsageError('SERVE_PLACE', 'name what is served: either --collections or --index');
  },
  text: ({ stoppedBy }) => `stopped by ${stoppedBy}`,
});

async function serveCollections(
  options: ServeOptions & GlobalOptions & { readonly collections: string },
  logger: FastifyBaseLogger,
  listener: Listener,
): Promise<ServeReport> {
  const { collections, checkpoint, database, segments, models, queries, backend, host, port, insecure, zpkg, retrievers } =
    options;
  if (zpkg !== undefined || retrievers !== undefined)
    throw new UsageError('SERVE_OPTIONS', '--zpkg and --retrievers are for --index: requests say what ranks in a collection');
  const codesMemory = codesMemoryOf(options.codesMemory);
  const tiers = tiersOf(options);
  const stopped = stopSignal();
  const server = await serve({
    ...servingChoices(options),
    ...{
      collections,
      checkpoint,
      database,
      segments,
      models,
      queries,
      backend,
      host,
      port,
      insecure,
      codesMemory,
      tiers,
      logger,
      listener,
    },
  });
  try {
    listener.note(`serving the collections of ${collections} at ${server.address}; Ctrl-C stops`);
    return { address: server.address, stoppedBy: await stopped };
  } finally {
    endSoon(CLOSE_COLLECTIONS_MS);
    await server.close();
  }
}

async function serveIndex(
  options: ServeOptions & GlobalOptions & { readonly index: string },
  logger: FastifyBaseLogger,
  listener: Listener,
): Promise<ServeReport> {
  const { index, port, host, insecure } = options;
  await checkListening(host, { keys: false, insecure });
  const codesMemory = codesMemoryOf(options.codesMemory);
  const tiers = tiersOf(options);
  await prepareIndex(options, listener);
  const searcher = await openSearcher(index, { ...options, codesMemory, tiers, listener });
  try {
    const server = createServer(searcher, { logger });
    try {
      const stopped = stopSignal();
      const address = await listen(server, { host, port });
      const { documents, chunks, passages, vectors } = searcher.description;
      const ofThem = passages === chunks ? '' : `, ${passages} passages`;
      const by = vectors?.precision === 'binary' ? `, searched by ${vectors.search}` : '';
      listener.note(`serving ${documents} documents (${chunks} chunks${ofThem}${by}) at ${address}; Ctrl-C stops`);
      return { address, stoppedBy: await stopped };
    } finally {
      await server.close();
    }
  } finally {
    endSoon(CLOSE_MS);
    await searcher.close();
  }
}

/** Ends the process a while from now, should anything still hold it: an encoder that computes, a database that does not answer. */
function endSoon(milliseconds: number): void {
  setTimeout(() => process.exit(), milliseconds).unref();
}

/** Brings the index up to date with a container; nothing without one. */
async function prepareIndex(
  options: ServeOptions & GlobalOptions & { readonly index: string },
  listener: Listener,
): Promise<void> {
  const { zpkg, checkpoint } = options;
  if (zpkg !== undefined) {
    try {
      await buildIndex({ ...options, corpus: zpkg, listener });
    } catch (error) {
      if (!isCemError(error, 'FOLDER_LOCKED') || checkpoint !== undefined) throw error;
      if (!(await isUpToDate(options.index, zpkg, options.database))) throw error;
      listener.note('index: up to date, and searched by others; it is shared with them');
    }
  } else if (checkpoint !== undefined) {
    throw new UsageError(
      'SERVE_CHECKPOINT',
      '--checkpoint says what encodes --zpkg into the index: give that too, or leave both out',
    );
  }
}

/** Whether a finished index that can be shared was made from what a container or corpus folder holds now. */
async function isUpToDate(index: string, zpkg: string, database: string | undefined): Promise<boolean> {
  const folder = await IndexFolder.openForSearch(index, database === undefined ? {} : { database }).catch(() => undefined);
  if (folder === undefined) return false;
  await using _folder = folder;
  await using reader = await openCorpus(zpkg);
  return folder.manifest.zpkg.identity === (await corpusIdentity(reader));
}
