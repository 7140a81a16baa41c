import { filesOf, oneLine, readBytes, readText } from './files-of.ts';
import type { SourceText } from './source-text.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Characters of an entry from which it is a passage, too. */
const PASSAGE = 500;
/** Characters that a definition has at most: it ends with the last sentence before. */
const DEFINITION = 320;

/** Takes a dictionary's own mark-up out of an entry; what is left of it has senses, one a text. */
export type CleanEntry = (body: string) => { readonly senses: readonly string[]; readonly text: string };

/** A number as dictd's index writes it: base 64, the highest digit first. */
function parseDictdNumber(digits: string): number {
  let value = 0;
  for (const digit of digits) value = value * 64 + DIGITS.indexOf(digit);
  return value;
}

/**
 * Reads a dictionary as dictd keeps it (dictfmt(1)): `NAME.index` with lines of word, place and length, `NAME.dict.dz` with the entries. An entry that several words lead to is read once, with
 * its first word.
 *
 * @param nameOf of a headword: a dictionary that begins all of them with a capital does not say which words have one
 */
export async function* readDictd(
  folder: string,
  clean: CleanEntry,
  nameOf = (headword: string) => headword,
): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /\.index$/)) {
    const entries = await readBytes(folder, path.replace(/\.index$/, '.dict.dz'));
    const taken = new Set<number>();
    for (const line of (await readText(folder, path)).split('\n')) {
      const [word, place, length] = line.split('\t');
      if (word === undefined || place === undefined || length === undefined || word.startsWith('00-')) continue;
      const start = parseDictdNumber(place);
      if (taken.has(start)) continue;
      taken.add(start);
      const entry = entries.toString('utf8', start, start + parseDictdNumber(length));
      const end = entry.indexOf('\n');
      if (end < 0) continue;
      const name = nameOf(headword(entry.slice(0, end), word));
      const { senses, text } = clean(entry.slice(end + 1));
      yield { kind: 'name', text: name };
      for (const sense of senses) {
        const short = firstSentences(oneLine(sense), DEFINITION);
        if (short.length >= 12) yield { kind: 'definition', text: `${name}: ${short}` };
      }
      if (text.length >= PASSAGE) yield { kind: 'prose', text: `${name}\n\n${text}` };
    }
  }
}

/** The word as the entry writes it, without pronunciation and grammar; else as the index does. */
function headword(line: string, indexed: string): string {
  const written = line.split(/\s*[\\[(,/]|\s{2,}/)[0]!.trim();
  return written.toLowerCase() === indexed.toLowerCase() ? written : indexed;
}

/** Whole sentences of at most so many characters; of a longer first one, so much as fits. */
function firstSentences(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const end = text.lastIndexOf('. ', longest);
  return end > 40 ? text.slice(0, end + 1) : text.slice(0, text.lastIndexOf(' ', longest));
}

/** Senses of the Collaborative International Dictionary of English: without etymologies, sources, quotations, names of authors and synonyms. */
export function cleanGcide(body: string): ReturnType<CleanEntry> {
  const plain = body
    .replace(/\[[^[\]]*\]/g, ' ')
    .replace(/\[[^[\]]*\]/g, ' ')
    .replace(/\\[^\\\n]*\\/g, ' ')
    .replace(/\s--[A-Z][^\n]{0,40}$/gm, '')
    // Quotations stand further to the right.
    .replace(/^ {10,}[^\n]*$/gm, '')
    .replace(/[{}]/g, '');
  const [meaning] = plain.split(/\n\s*(?:Syn:|Note:|Usage:)/);
  const senses = meaning!
    .split(/\n\s*\n|(?:^|\s)\d+\.\s/)
    // A line of grammar before the senses ends a bracket that is gone.
    .map((sense) => oneLine(sense).replace(/^(?:;|\.|,|\)|[a-z]{1,4}\.\s)*\s*(?:\([A-Z][\w. &]*\)\s)?/, ''))
    .filter((sense) => sense.length >= 12 && /[a-z]{3}/.test(sense));
  return { senses, text: paragraphs(plain) };
}

/** Entries of FOLDOC: without subjects in angle brackets, dates, addresses and sources. */
export function cleanFoldoc(body: string): ReturnType<CleanEntry> {
  return cleanEntry(body.replace(/<([^<>\n]{2,60})>/g, ' '));
}

/** Entries of the Jargon File: without pronunciations and marks of usage. */
export function cleanJargon(body: string): ReturnType<CleanEntry> {
  return cleanEntry(
    body
      .replace(/^\s*\/[^/\n]{1,60}\/[^\n]*$/m, ' ')
      .replace(/^\s*(?:n|v|adj|adv|excl|vt|vi|prov)\.[^\n]{0,20}$/m, ' ')
      .replace(/\[[a-z -]{2,30}\]/g, ' '),
  );
}

function cleanEntry(marked: string): ReturnType<CleanEntry> {
  const plain = marked
    .replace(/\{\(?https?:[^}]*\}/g, ' ')
    .replace(/\{[^{}]*\((?:https?|ftp|news|mailto):[^{}]*\}/g, ' ')
    .replace(/https?:\/\/\S+/g, ' ')
    .replace(/\(\d{4}-\d{2}-\d{2}\)/g, ' ')
    .replace(/^\s*\["[^\]]*\]\.?/gm, ' ')
    .replace(/[{}]/g, '');
  const text = paragraphs(plain);
  const [first = ''] = text.split('\n\n').filter((part) => part.length >= 12);
  return { senses: [first.replace(/^\d+\.\s*/, '')], text };
}

function paragraphs(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map(oneLine)
    .filter((part) => /\p{L}{2}/u.test(part))
    .join('\n\n');
}
