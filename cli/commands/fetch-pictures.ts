import { type FetchedPictures, fetchPictures, PICTURE_SETS } from '../../recipes/fetch-pictures/index.ts';
import { defineCommand } from '../command.ts';
import { withStopSignal } from '../process/stop-signal.ts';

interface FetchPicturesCommandOptions {
  readonly set: string;
  readonly into: string;
}

export const fetchPicturesCommand = defineCommand<FetchPicturesCommandOptions, FetchedPictures>({
  command: 'fetch-pictures <set>',
  describe: 'Fetch pictures with captions to train an image tower on, from a package of the Debian registry',
  examples: [['fetch-pictures stamps --into corpora/stamps', 'the 950 stamps of Tux Paint, captions in English and Chinese']],
  options: (parser) =>
    parser
      .positional('set', { type: 'string', demandOption: true, describe: Object.keys(PICTURE_SETS).join(' or ') })
      .option('into', { type: 'string', demandOption: true, describe: 'folder of the pictures; it keeps the package, too' }),
  dataKeys: ['captions'],
  run: (options, listener) => withStopSignal((signal) => fetchPictures({ ...options, listener, signal })),
  text: ({ folder, pictures, captions, categories, unreadable, package: name, version }) =>
    [
      `${folder}: ${pictures} pictures of ${name} ${version} in ${categories} categories; captions: ${Object.entries(captions)
        .map(([language, count]) => `${language} ${count}`)
        .join(', ')}`,
      ...(unreadable > 0 ? [`${unreadable} could not be decoded`] : []),
    ].join('\n'),
});
