import { destination, pino } from 'pino';
import { isCemError, type Listener, UsageError } from '../../base/index.ts';
import { openCorpus } from '../../data/index.ts';
import { corpusIdentity, IndexFolder, type QueryEncoderChoice, type RetrieverChoice } from '../../rag/index.ts';
import { buildIndex, openSearcher } from '../../recipes/index.ts';
import { createServer, listen, stopSignal } from '../../server/index.ts';
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
} from '../options/index-options.ts';
import { checkPort } from '../options/port-option.ts';

interface ServeOptions {
  readonly index: string;
  readonly port: number;
  readonly host: string;
  readonly log: string;
  readonly database: string | undefined;
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
/** After the requests in flight have had their time: together less than 5 s. */
const CLOSE_MS = 1_000;

/** Answers queries from an index over HTTP until it is told to stop. */
export const serveCommand = defineCommand<ServeOptions, ServeReport>({
  command: 'serve',
  describe: 'answer searches over HTTP: POST /v1/search, GET /health',
  examples: [
    ['serve --index corpus.index --zpkg corpus.zpkg', 'make the index first, or bring it up to date'],
    ['serve --index corpus.index', 'on http://127.0.0.1:8080, until Ctrl-C'],
    ['serve --index corpus.index --host 0.0.0.0 --port 80', 'for other machines too: there is no access control'],
  ],
  options: (parser) =>
    parser
      .option('index', indexOption)
      .option('port', { type: 'number', default: DEFAULT_PORT, describe: 'port to listen on; 0 takes a free one' })
      .option('host', { type: 'string', default: '127.0.0.1', describe: 'address to listen on' })
      .option('log', {
        type: 'string',
        default: 'info',
        choices: ['debug', 'info', 'warn', 'error', 'silent'],
        describe: 'what is logged, as JSON lines on standard error',
      })
      .option('zpkg', {
        type: 'string',
        describe:
          'container or corpus folder that is encoded into the index before it is served, where the index lacks any of it',
      })
      .option('checkpoint', { ...checkpointOption, describe: `with --zpkg: ${checkpointOption.describe}` })
      .option('database', databaseOption)
      .option('codes-memory', codesMemoryOption)
      .option('models', modelsOption)
      .option('queries', queriesOption)
      .option('retrievers', retrieversOption),
  async run(options, listener) {
    const { index, port, host, log } = options;
    checkPort(port);
    const codesMemory = codesMemoryOf(options.codesMemory);
    await prepareIndex(options, listener);
    const searcher = await openSearcher(index, { ...options, codesMemory, listener });
    try {
      const server = createServer(searcher, { logger: pino({ level: log }, destination(STANDARD_ERROR)) });
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
      endSoon();
      await searcher.close();
    }
  },
  text: ({ stoppedBy }) => `stopped by ${stoppedBy}`,
});

/** Ends the process a while from now, should anything still hold it: an encoder that computes, a database that does not answer. */
function endSoon(): void {
  setTimeout(() => process.exit(), CLOSE_MS).unref();
}

/** Brings the index up to date with a container; nothing without one. */
async function prepareIndex(options: ServeOptions & GlobalOptions, listener: Listener): Promise<void> {
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
