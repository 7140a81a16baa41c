import { filesOf, oneLine, readText } from './files-of.ts';
import type { SourceText } from './source-text.ts';

/** Characters of a description from which it is a passage. */
const PASSAGE = 250;

/** Descriptions of packages, from lists in Debian's control format: `Description-en: short`, then the long one in lines after a blank, paragraphs parted by ` .`. */
export async function* readDescriptions(folder: string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /_Translation-en$/)) {
    for (const stanza of (await readText(folder, path)).split('\n\n')) yield* describe(stanza);
  }
}

function* describe(stanza: string): Generator<SourceText> {
  const name = /^Package: (\S+)/m.exec(stanza)?.[1];
  const found = /^Description-en: ([^\n]*)\n((?: [^\n]*(?:\n|$))*)/m.exec(stanza);
  if (name === undefined || found === null) return;
  // Parts of one program repeat its description.
  if (
    /-(?:dev|dbg|dbgsym|doc|docs|common|data|utils?|prof|java|perl)$|^lib.*-perl$|^golang-|^node-|^lib(?:ghc|rust)-|^librust/.test(
      name,
    )
  )
    return;
  const [, short, long] = found;
  yield { kind: 'definition', text: `${name}: ${short}` };
  const text = long!
    .split(/^ \.$/m)
    .map(oneLine)
    .filter((paragraph) => paragraph !== '')
    .join('\n\n');
  if (text.length >= PASSAGE) yield { kind: 'prose', text: `${oneLine(short!)}\n\n${text}` };
}
