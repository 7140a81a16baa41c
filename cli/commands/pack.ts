import { type PackManifest, packCorpus } from '../../data/index.ts';
import type { DictionaryBorders } from '../../zpkg/index.ts';
import { defineCommand } from '../command.ts';
import { INPUT_DESCRIPTION, withCorpusInput } from '../options/corpus-input.ts';
import { describeEmpty, formatBytes, formatShare } from '../output/format.ts';
import { followStages, PACK_STAGES } from '../output/stages.ts';

interface PackCommandOptions {
  readonly input: string;
  readonly output: string;
  readonly level: number;
  readonly 'target-chunk-size': number;
  readonly 'dictionary-size': number;
  readonly 'dictionary-borders': DictionaryBorders;
  readonly 'plain-literals': boolean;
  readonly workers: number | undefined;
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
        describe: 'the container; its mapping is written beside it as <output>.map, metadata as <output>.meta',
      })
      .option('level', { type: 'number', default: 19, describe: 'zstd level, -7 to 22' })
      .option('target-chunk-size', {
        type: 'number',
        default: 4096,
        describe: 'largest compressed size of a chunk in bytes; a larger document is split',
      })
      .option('dictionary-size', {
        type: 'number',
        default: 65536,
        describe: 'bytes of the shared dictionary, 0 for none; at most a 24th of the text',
      })
      .option('dictionary-borders', {
        choices: ['any', 'word'] as const,
        default: 'any' as const,
        describe: 'word: no word is cut in the dictionary (for text with spaces)',
      })
      .option('plain-literals', {
        type: 'boolean',
        default: false,
        describe: 'leave literals uncompressed (larger; for the bytes input)',
      })
      .option('workers', {
        type: 'number',
        describe: 'threads that compress; by default as many as the machine has cores, fewer for a small corpus',
      })
      .option('metadata', {
        type: 'boolean',
        default: true,
        describe: 'write titles, sources, languages and what else is known of the documents (--no-metadata: leave it out)',
      })
      .option('force', { type: 'boolean', default: false, describe: 'replace a container that is there already' }),
  run: async ({ input, output, level, metadata, force, ...options }, reporter) => {
    const stages = followStages(reporter);
    try {
      const manifest = await withCorpusInput(input, reporter, (documents) =>
        packCorpus(documents, output, {
          level,
          metadata,
          force,
          targetChunkSize: options['target-chunk-size'],
          dictionarySize: options['dictionary-size'],
          dictionaryBorders: options['dictionary-borders'],
          plainLiterals: options['plain-literals'],
          ...(options.workers === undefined ? {} : { workers: options.workers }),
          onProgress: (stage, done, total) => stages.progress(PACK_STAGES[stage], done, total),
        }),
      );
      stages.done();
      return manifest;
    } catch (error) {
      stages.fail();
      throw error;
    }
  },
  text: (manifest) =>
    [
      `${manifest.output}: ${manifest.documents} documents in ${manifest.chunks} chunks (${manifest.splitDocuments} documents were split)`,
      `text ${formatBytes(manifest.textBytes)}, container ${formatBytes(manifest.containerBytes)} (dictionary ${formatBytes(manifest.dictionaryBytes)}), mapping ${formatBytes(manifest.mappingBytes)}`,
      ...(manifest.metadataBytes > 0 ? [`metadata ${formatBytes(manifest.metadataBytes)}`] : []),
      `saving ${formatShare(manifest.saving)}`,
      ...describeEmpty(manifest.emptyDocuments),
    ].join('\n'),
});
