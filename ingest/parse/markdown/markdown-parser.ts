import { defineParser } from '../define-parser.ts';

/** CommonMark with GitHub's tables, task lists, strikethrough and footnotes, and front matter. It goes by extensions: any text is Markdown. */
export const markdownParser = defineParser({
  format: 'markdown',
  version: 2,
  extensions: ['.md', '.markdown', '.mdown', '.mkd', '.mdx'],
  pictures: true,
  load: async () => (await import('./read-markdown.ts')).readMarkdown,
});
