import { Console } from 'node:console';
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { messageOf, UsageError } from '../../base/index.ts';
import type { QueryEncoderChoice, RetrieverChoice } from '../../rag/index.ts';
import { type CollectionsPlace, openSharedCollections } from '../../recipes/index.ts';
import { KEYS_FILE, type KeyEntry, KeyRing } from '../../server/access/index.ts';
import { serveMcpStreams } from '../../server/mcp/index.ts';
import { defineCommand } from '../command.ts';
import { databaseOption, modelsOption, queriesOption, retrieversOption } from '../options/index-options.ts';
import { withStopSignal } from '../process/stop-signal.ts';

interface McpOptions {
  readonly collection: string | undefined;
  readonly collections: string | undefined;
  readonly keys: string | undefined;
  readonly key: string | undefined;
  readonly database: string | undefined;
  readonly models: string | undefined;
  readonly queries: QueryEncoderChoice | undefined;
  readonly retrievers: RetrieverChoice | undefined;
}

/** Serves a program with a language model that started this one, until it closes the standard input. */
export const mcpCommand = defineCommand<McpOptions, null>({
  command: 'mcp',
  describe: 'serve collections to a program with a language model, by the Model Context Protocol over the standard streams',
  examples: [
    ['mcp --collection docs.collection', 'one collection; the host starts this command, docs/clients.md says how'],
    ['mcp --collections rag', 'all collections of a folder; where it has keys, give one in CEM_KEY'],
  ],
  options: (parser) =>
    parser
      .option('collection', { type: 'string', describe: 'folder of a collection that `cem ingest` made' })
      .option('collections', { type: 'string', describe: 'folder of collections, as `cem serve` is given' })
      .option('key', {
        type: 'string',
        default: process.env['CEM_KEY'] || undefined,
        defaultDescription: 'CEM_KEY',
        describe: 'key whose labels open documents; processes of this machine see command lines, so better in the environment',
      })
      .option('keys', { type: 'string', describe: 'file of keys, in place of the one in the folder of collections' })
      .option('database', databaseOption)
      .option('models', modelsOption)
      .option('queries', queriesOption)
      .option('retrievers', retrieversOption),
  async run({ json, ...options }, listener) {
    if (json) throw new UsageError('MCP_OUTPUT', "the standard output of cem mcp is the protocol's; leave --json out");
    const place = placeOf(options);
    const labels = await labelsOf(options);
    await using collections = await openSharedCollections(place, { ...options, listener });
    if ('collection' in place) await collections.get(basename(resolve(place.collection)));
    // What a library prints is not for the client.
    globalThis.console = new Console(process.stderr, process.stderr);
    await withStopSignal((signal) =>
      serveMcpStreams(
        {
          list: () => collections.list(),
          async get(name) {
            const collection = await collections.get(name);
            return {
              name,
              search: (query, asked) => collection.search(query, { ...asked, labels }),
              unit: (id) => collection.unit(id, labels),
            };
          },
        },
        { input: process.stdin, output: process.stdout },
        { signal, tellFailures: true, onFailure: (error) => listener.note(messageOf(error)) },
      ),
    );
    return null;
  },
  text: () => '',
});

/** @throws UsageError `MCP_PLACE` unless one of the two is named */
function placeOf({ collection, collections }: McpOptions): CollectionsPlace {
  if (collection !== undefined && collections === undefined) return { collection };
  if (collections !== undefined && collection === undefined) return { collections };
  throw new UsageError('MCP_PLACE', 'say what is served: --collection FOLDER, or --collections FOLDER for all that are in one');
}

/**
 * The labels of access that the tools have: the key's where there are keys, else everything.
 *
 * @throws UsageError `MCP_KEY`; FormatError `KEYS_FILE`
 */
async function labelsOf({ collections, keys, key }: McpOptions): Promise<KeyEntry['labels']> {
  const file = keys ?? (collections === undefined ? undefined : join(collections, KEYS_FILE));
  if (file === undefined || !existsSync(file)) {
    if (keys === undefined && key === undefined) return 'everything';
    throw new UsageError(
      'MCP_KEY',
      file === undefined ? '--key is given, and no --keys FILE that it is in' : `there is no file of keys ${file}`,
    );
  }
  if (key === undefined) throw new UsageError('MCP_KEY', `${file} has keys: give one by --key or in CEM_KEY`);
  const entry = await new KeyRing(file).find(key);
  if (entry === undefined) throw new UsageError('MCP_KEY', `the key is none of ${file}, or no longer one`);
  return entry.labels;
}
