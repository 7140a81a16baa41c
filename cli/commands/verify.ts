import { formatBytes } from '../../base/index.ts';
import { type VerifiedCorpus, verifyCorpus } from '../../recipes/pack/index.ts';
import { defineCommand } from '../command.ts';

export const verifyCommand = defineCommand<{ readonly zpkg: string }, VerifiedCorpus>({
  command: 'verify <zpkg>',
  describe:
    'check a container, its mapping and its metadata, a corpus folder, or a collection with its pictures: every checksum, every chunk decompressed, every id',
  examples: [['verify corpus.zpkg', 'exit code 0 when everything is whole, 1 with the damaged chunks otherwise']],
  options: (parser) =>
    parser.positional('zpkg', {
      type: 'string',
      demandOption: true,
      describe: 'the container, its mapping and metadata beside it; or a corpus folder; or a collection',
    }),
  run: ({ zpkg }, listener) => verifyCorpus({ corpus: zpkg, listener }),
  text: (result) =>
    `${result.path} is whole: ${result.documents} documents, ${result.chunks} chunks, ${result.passages} passages${result.terms > 0 ? ' with their terms' : ''}, ${formatBytes(result.contentBytes)} of text${result.figures ? `, ${result.figures} pictures` : ''}`,
});
