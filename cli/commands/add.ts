import { type AddReport, addToCorpus } from '../../data/index.ts';
import type { DictionaryBorders } from '../../zpkg/index.ts';
import { defineCommand } from '../command.ts';
import { INPUT_DESCRIPTION, withCorpusInput } from '../options/corpus-input.ts';
import { describeEmpty, formatBytes } from '../output/format.ts';
import { followStages, PACK_STAGES } from '../output/stages.ts';

interface AddCommandOptions {
  readonly corpus: string;
  readonly input: string;
  readonly level: number | undefined;
  readonly 'target-chunk-size': number | undefined;
  readonly 'dictionary-size': number | undefined;
  readonly 'dictionary-borders': DictionaryBorders | undefined;
  readonly 'plain-literals': boolean | undefined;
  readonly workers: number | undefined;
}

/** An object without the properties that are undefined. */
function defined<Value>(values: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

export const addCommand = defineCommand<AddCommandOptions, AddReport>({
  command: 'add <corpus> <input>',
  describe: 'add documents to a corpus folder, or replace those that changed; makes the folder when there is none',
  examples: [
    ['add docs.corpus docs/', 'make a corpus; later the same again: only what changed in docs/ is packed'],
    ['add docs.corpus - < news.jsonl', 'documents from standard input'],
  ],
  options: (parser) =>
    parser
      // Without it yargs takes a lone - for an option without a value.
      .nargs('input', 1)
      .positional('corpus', { type: 'string', demandOption: true, describe: 'the corpus folder' })
      .positional('input', { type: 'string', demandOption: true, describe: INPUT_DESCRIPTION })
      .option('level', { type: 'number', describe: 'of a new corpus: zstd level, -7 to 22; 19 by default' })
      .option('target-chunk-size', {
        type: 'number',
        describe: 'of a new corpus: largest compressed size of a chunk in bytes; 4096 by default',
      })
      .option('dictionary-size', {
        type: 'number',
        describe: 'of a new corpus: bytes of the shared dictionary, 0 for none; 65536 by default, at most a 24th of the text',
      })
      .option('dictionary-borders', {
        choices: ['any', 'word'] as const,
        describe: 'of a new corpus: with word, no word is cut in the dictionary (for text with spaces); any by default',
      })
      .option('plain-literals', { type: 'boolean', describe: 'of a new corpus: leave literals uncompressed' })
      .option('workers', {
        type: 'number',
        describe: 'threads that compress; by default as many as the machine has cores, fewer for few documents',
      }),
  run: async ({ corpus, input, level, workers, ...options }, reporter) => {
    const stages = followStages(reporter);
    try {
      const report = await withCorpusInput(input, reporter, (documents) =>
        addToCorpus(corpus, documents, {
          ...defined({
            level,
            workers,
            targetChunkSize: options['target-chunk-size'],
            dictionarySize: options['dictionary-size'],
          }),
          ...defined({ plainLiterals: options['plain-literals'] }),
          ...defined({ dictionaryBorders: options['dictionary-borders'] }),
          onProgress: (stage, done, total) => stages.progress(PACK_STAGES[stage], done, total),
        }),
      );
      stages.done();
      return report;
    } catch (error) {
      stages.fail();
      throw error;
    }
  },
  text: (report) =>
    [
      `${report.path}: ${report.added} documents added, ${report.replaced} replaced, ${report.unchanged} unchanged` +
        `; ${report.documents} documents ${report.segment === null ? 'as before' : 'now'}`,
      ...(report.segment === null
        ? []
        : [`${report.segment}: text ${formatBytes(report.textBytes)} in ${report.chunks} chunks, ${formatBytes(report.bytes)}`]),
      ...describeEmpty(report.empty),
    ].join('\n'),
});
