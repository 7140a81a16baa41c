import { UsageError } from '../../base/index.ts';
import { type RemoveReport, readLines } from '../../data/index.ts';
import { removeFromCorpus } from '../../recipes/pack/index.ts';
import { defineCommand } from '../command.ts';

interface RemoveCommandOptions {
  readonly corpus: string;
  readonly ids: readonly string[] | undefined;
  readonly from: string | undefined;
  readonly 'ignore-missing': boolean;
}

export const removeCommand = defineCommand<RemoveCommandOptions, RemoveReport>({
  command: 'remove <corpus> [ids..]',
  describe: 'remove documents from a corpus folder; `cem compact` frees what they take',
  examples: [
    ['remove docs.corpus guide/old.md', 'one document'],
    ['remove docs.corpus -- -draft.md', 'one whose id begins with a dash'],
    ['remove docs.corpus --from gone.txt --ignore-missing', 'those of a list, one id a line'],
  ],
  options: (parser) =>
    parser
      .positional('corpus', { type: 'string', demandOption: true, describe: 'the corpus folder' })
      .positional('ids', { type: 'string', array: true, describe: 'ids of documents' })
      .option('from', { type: 'string', describe: 'file with one id a line' })
      .option('ignore-missing', { type: 'boolean', default: false, describe: 'pass over ids that the corpus does not have' }),
  run: async ({ corpus, ids, from, ...options }) => {
    const wanted = [...(ids ?? [])];
    if (from !== undefined) {
      for await (const { text } of readLines(from)) if (text !== '') wanted.push(text);
    }
    if (wanted.length === 0) throw new UsageError('USAGE', 'say which documents: ids, or --from FILE with one a line');
    return removeFromCorpus({ corpus, ids: wanted, ignoreMissing: options['ignore-missing'] });
  },
  text: ({ path, removed, removedChunks, missing, documents }) =>
    `${path}: ${removed} documents removed (${removedChunks} chunks)${missing > 0 ? `, ${missing} were not there` : ''}; ${documents} documents stay`,
});
