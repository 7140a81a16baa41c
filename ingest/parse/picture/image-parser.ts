import { CemError } from '../../../base/index.ts';
import { defineParser } from '../define-parser.ts';
import { pictureFormat } from './picture-format.ts';

/** Pictures by themselves. */
export const imageParser = defineParser({
  format: 'image',
  version: 1,
  extensions: ['.png', '.jpg', '.jpeg', '.jpe', '.jfif', '.webp', '.gif', '.svg'],
  pictures: true,
  recognise: (start) => (pictureFormat(start) === undefined ? 0 : 2),
  load: async () => {
    const { loadSharp, readPicture } = await import('./read-picture.ts');
    await loadSharp();
    return async ({ bytes, path }) => {
      const read = await readPicture(bytes);
      if ('picture' in read) return [{ blocks: [{ kind: 'figure', text: '', headings: [], figure: read }] }];
      if (read.leftOut === 'small' || read.leftOut === 'plain')
        return [{ blocks: [{ kind: 'figure', text: '', headings: [], figure: { leftOut: read.leftOut } }] }];
      const code = read.leftOut === 'large' ? 'PARSE_LIMIT' : 'PARSE_IMAGE';
      throw new CemError(code, `${path} cannot be read as a picture: ${read.reason}; mend it, or take it out`, {
        details: { path },
      });
    };
  },
});
