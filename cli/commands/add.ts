import { formatBytes } from '../../base/index.ts';
import type { AddReport } from '../../data/index.ts';
import { addToCorpus } from '../../recipes/pack/index.ts';
import { defineCommand } from '../command.ts';
import { INPUT_DESCRIPTION, withCorpusInput } from '../options/corpus-input.ts';
import { DEFAULT_PASSAGE_SIZE, givenPackOptions, type PackSettings, packOptions } from '../options/pack-options.ts';
import { describeEmpty } from '../output/empty-documents.ts';

interface AddCommandOptions extends PackSettings {
  readonly corpus: string;
  readonly input: string;
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
      // Of a new corpus; one that is there has been made with its own.
      .options(packOptions),
  run: ({ corpus, input, ...options }, listener) =>
    withCorpusInput(input, listener, (source) =>
      addToCorpus({ corpus, source, newPassageSize: DEFAULT_PASSAGE_SIZE, ...givenPackOptions(options), listener }),
    ),
  text: (report) =>
    [
      `${report.path}: ${report.added} documents added, ${report.replaced} replaced, ${report.unchanged} unchanged` +
        `; ${report.documents} documents ${report.segment === null ? 'as before' : 'now'}`,
      ...(report.segment === null
        ? []
        : [
            `${report.segment}: text ${formatBytes(report.textBytes)} in ${report.chunks} chunks (${report.passages} passages), ${formatBytes(report.bytes)}`,
          ]),
      ...describeEmpty(report.empty),
    ].join('\n'),
});
