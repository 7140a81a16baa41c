import { htmlText } from '../../../data/index.ts';
import { filesOf, oneLine, readText } from './files-of.ts';
import type { SourceText } from './source-text.ts';

/** Pages of LibreOffice's help: what is shown as the article. */
export function readOfficeHelp(folder: string): AsyncGenerator<SourceText> {
  return readPages(folder, /\/help\/[\w-]+\/text\/.*\.html$/, (page) => {
    const start = page.indexOf('<div id="DisplayArea"');
    const end = page.indexOf('<div id="DEBUG"', start);
    return start < 0 ? '' : page.slice(start, end < 0 ? undefined : end);
  });
}

/** Chapters of a book in DocBook's HTML, without the lines that lead to other pages. */
export function readDocbook(folder: string): AsyncGenerator<SourceText> {
  return readPages(folder, /\/ch\d+[\w.-]*\.html$/, (page) => {
    const start = page.indexOf('<div class="chapter"');
    const end = page.indexOf('<div class="navfooter"');
    return start < 0 ? '' : page.slice(start, end < 0 ? undefined : end);
  });
}

async function* readPages(folder: string, matching: RegExp, article: (page: string) => string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, matching)) {
    const page = await readText(folder, path);
    const title = oneLine(/<title>([^<]*)<\/title>/.exec(page)?.[1] ?? '');
    const { text } = htmlText(article(page), path);
    if (text.length < 80) continue;
    if (title !== '') yield { kind: 'name', text: title };
    yield { kind: 'prose', text };
  }
}
