import { filesOf, oneLine, readText } from './files-of.ts';
import type { SourceText } from './source-text.ts';

/** Synsets that a passage joins: neighbours in WordNet's files are of one subject. */
const JOINED = 10;
/** Words of a synset that its definition names. */
const NAMED = 3;

/** A synset of WordNet's data files. */
interface Synset {
  readonly words: readonly string[];
  readonly gloss: string;
}

/**
 * Reads a line of WordNet's `data.noun`, `data.verb`, `data.adj` or `data.adv` (wndb(5WN)): `offset lex_filenum ss_type w_cnt word lex_id … | gloss`, the count in hexadecimal, blanks of words
 * as underscores, a marker such as (p) behind adjectives. Lines of the licence begin with a blank: undefined.
 */
function parseSynset(line: string): Synset | undefined {
  const bar = line.indexOf(' | ');
  if (bar < 0 || line.startsWith(' ')) return undefined;
  const fields = line.slice(0, bar).split(' ');
  const count = Number.parseInt(fields[3]!, 16);
  const words = Array.from({ length: count }, (_, index) =>
    fields[4 + 2 * index]!.replace(/\([a-z]+\)$/, '').replaceAll('_', ' '),
  );
  return { words, gloss: oneLine(line.slice(bar + 3)) };
}

/** Definitions, names and passages of neighbouring definitions. */
export async function* readWordnet(folder: string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /(^|\/)data\.(adj|adv|noun|verb)$/)) {
    let passage: string[] = [];
    for (const line of (await readText(folder, path)).split('\n')) {
      const synset = parseSynset(line);
      if (synset === undefined) continue;
      for (const word of synset.words) yield { kind: 'name', text: word };
      const definition = `${synset.words.slice(0, NAMED).join(', ')}: ${synset.gloss}`;
      yield { kind: 'definition', text: definition };
      passage.push(`${definition[0]!.toUpperCase()}${definition.slice(1)}.`);
      if (passage.length === JOINED) {
        yield { kind: 'passage', text: passage.join(' ') };
        passage = [];
      }
    }
  }
}
