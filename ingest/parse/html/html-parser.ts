import { defineParser } from '../define-parser.ts';

/** Pages: their main content, without navigation and what else surrounds it. */
export const htmlParser = defineParser({
  format: 'html',
  version: 2,
  extensions: ['.html', '.htm', '.xhtml', '.xht'],
  pictures: true,
  recognise(start) {
    const text = Buffer.from(start).toString('latin1');
    // Behind a byte order mark, an XML declaration and comments.
    const beginning =
      /^(?:\xef\xbb\xbf)?(?:\s|<\?xml\b[^>]{0,200}\?>|<!--[^>]{0,2000}-->)*<(!doctype\s+html\b|html\b|head\b|body\b)/i;
    return beginning.test(text) ? 2 : 0;
  },
  load: async () => (await import('./read-html.ts')).readHtml,
});
