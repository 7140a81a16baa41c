import { defineParser } from '../define-parser.ts';

/** Books (EPUB 2 and 3): their chapters in the order of the spine. */
export const epubParser = defineParser({
  format: 'epub',
  version: 2,
  extensions: ['.epub'],
  pictures: true,
  // The first entry of the archive is `mimetype`, stored (EPUB OCF 3.3, 4.3.2).
  recognise(start) {
    const text = Buffer.from(start).toString('latin1');
    if (!text.startsWith('PK\u0003\u0004')) return 0;
    return text.slice(30, 100).startsWith('mimetypeapplication/epub+zip') ? 2 : 1;
  },
  load: async () => (await import('./read-epub.ts')).readEpub,
});
