import { filesOf, readText } from './files-of.ts';
import type { SourceText } from './source-text.ts';

/** The Brown corpus: words with their tags, `The/at jury/nn`, a sentence a line. */
export async function* readBrown(folder: string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /(^|\/)c[a-r]\d\d$/)) {
    const sentences = (await readText(folder, path))
      .split('\n')
      .map((line) => untag(line.trim()))
      .filter((sentence) => sentence !== '');
    yield { kind: 'prose', text: sentences.join(' ') };
  }
}

/** A sentence of tagged words as it is printed: tags go, quotation marks and punctuation stand where they do in print. */
function untag(sentence: string): string {
  return sentence
    .split(/\s+/)
    .map((word) => word.slice(0, word.lastIndexOf('/') < 0 ? undefined : word.lastIndexOf('/')))
    .join(' ')
    .replace(/`` ?/g, '"')
    .replace(/ ?''/g, '"')
    .replace(/ ([,.;:?!)\]])/g, '$1')
    .replace(/([([]) /g, '$1')
    .replace(/([;:?!])\1/g, '$1');
}
