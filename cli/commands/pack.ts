import { formatBytes, formatShare } from '../../base/index.ts';
import type { PackManifest } from '../../data/index.ts';
import { pack } from '../../recipes/pack/index.ts';
import { defineCommand } from '../command.ts';
import { INPUT_DESCRIPTION, withCorpusInput } from '../options/corpus-input.ts';
import { DEFAULT_PASSAGE_SIZE, givenPackOptions, type PackSettings, packOptions } from '../options/pack-options.ts';
import { describeEmpty } from '../output/empty-documents.ts';

interface PackCommandOptions extends PackSettings {
  readonly input: string;
  readonly output: string;
  readonly metadata: boolean;
  readonly force: boolean;
}

export const packCommand = defineCommand<PackCommandOptions, PackManifest>({
  command: 'pack <input> <output>',
  describe: 'pack a corpus into a zpkg container, its mapping and its metadata',
  examples: [
    ['pack docs/ docs.zpkg', 'every .md .txt .rst .html file under docs/ as one document'],
    ['pack corpus.jsonl corpus.zpkg --level 3', 'one document a line: {"_id": …, "title": …, "text": …, "metadata": {…}}'],
    ['pack - corpus.zpkg < corpus.jsonl', 'the same from standard input, also compressed with gzip or zstd'],
    ['pack docs/ s3://bucket/docs.zpkg', 'into an object store; whatever reads a container reads it there'],
  ],
  options: (parser) =>
    parser
      .positional('input', {
        type: 'string',
        demandOption: true,
        describe: INPUT_DESCRIPTION,
      })
      // Without it yargs takes a lone - for an option without a value.
      .nargs('input', 1)
      .positional('output', {
        type: 'string',
        demandOption: true,
        describe:
          'the container, a path or s3://BUCKET/KEY; its mapping is written beside it as <output>.map, metadata as <output>.meta',
      })
      .options(packOptions)
      .option('metadata', {
        type: 'boolean',
        default: true,
        describe:
          'write titles, sources, languages and what else is known of the documents (--no-metadata: leave it out; --passage-size 0 leaves out passages)',
      })
      .option('force', { type: 'boolean', default: false, describe: 'replace a container that is there already' }),
  run: ({ input, output, metadata, force, ...options }, listener) =>
    withCorpusInput(input, listener, (source) =>
      pack({ source, output, metadata, force, passageSize: DEFAULT_PASSAGE_SIZE, ...givenPackOptions(options), listener }),
    ),
  text: (manifest) =>
    [
      `${manifest.output}: ${manifest.documents} documents in ${manifest.chunks} chunks (${manifest.splitDocuments} documents were split)`,
      `text ${formatBytes(manifest.textBytes)}, container ${formatBytes(manifest.containerBytes)} (dictionary ${formatBytes(manifest.dictionaryBytes)}), mapping ${formatBytes(manifest.mappingBytes)}`,
      ...(manifest.metadataBytes > 0 ? [`metadata ${formatBytes(manifest.metadataBytes)}${describePassages(manifest)}`] : []),
      `saving ${formatShare(manifest.saving)}`,
      ...describeEmpty(manifest.emptyDocuments),
    ].join('\n'),
});

function describePassages({ passages, passageBytes, termBytes }: PackManifest): string {
  const parts = [
    ...(passageBytes === 0 ? [] : [`${formatBytes(passageBytes)} are the borders of ${passages} passages`]),
    ...(termBytes === 0 ? [] : [`${formatBytes(termBytes)} their terms`]),
  ];
  return parts.length === 0 ? '' : `, of which ${parts.join(' and ')}`;
}
