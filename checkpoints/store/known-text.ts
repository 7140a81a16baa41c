import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { exists, FormatError, parseJson, pushVarint, readVarint, writeFileAtomically } from '../../base/index.ts';
import { languageOfTexts } from '../../data/index.ts';
import { splitWords } from '../../encoders/index.ts';

/*
 * `known-text.bin`: which words and n-grams a checkpoint was trained on. Rows of hashed tables cannot tell: with 25,000 of them each is trained by many n-grams.
 *
 *   8 bytes   `CEMKNOWN`
 *   uint32    bytes of the header, little-endian
 *   header    JSON, UTF-8: see `headerSchema`
 *   keys      of the words, then of the n-grams: for each list the differences of its ascending keys, the first from 0, as LEB128
 *   uint32    crc32 of all before it, little-endian
 *
 * A key is a 32-bit hash. Of the n-grams only those are kept, and looked up, whose hash is divisible by `sampling`: their share of all is an unbiased sample by type.
 */

export const KNOWN_TEXT_FILE = 'known-text.bin';
const MAGIC = 'CEMKNOWN';
const VERSION = 1;
/** One n-gram in so many: of 20 MB of text 65,000 remain. */
const SAMPLING = 128;
/** Of the model's tables, whose sizes the n-grams have. */
const DEFAULT_SIZES: readonly number[] = [3, 4, 5, 6, 7, 8];
/** Longest LEB128 of a 32-bit number. */
const KEY_BYTES = 5;
/** Texts that a language is detected on. */
const LANGUAGE_TEXTS = 2000;
/** Languages of less than this share are not recorded. */
const LEAST_LANGUAGE_SHARE = 0.02;

const headerSchema = z.strictObject({
  format: z.literal('cem-known-text'),
  version: z.literal(VERSION),
  /** Bytes of the n-grams. */
  sizes: z.array(z.number().int().positive().max(64)).min(1).readonly(),
  sampling: z.number().int().positive(),
  words: z.number().int().nonnegative(),
  grams: z.number().int().nonnegative(),
  /** Bytes of text. */
  bytes: z.number().int().nonnegative(),
  /** Languages of the texts, ISO 639-1, with the share of the texts that are in each, the largest first. */
  languages: z.array(z.strictObject({ language: z.string(), share: z.number().min(0).max(1) })).readonly(),
});

type Header = z.infer<typeof headerSchema>;

/** Words and n-grams of texts. */
export interface KnownText extends Pick<Header, 'sizes' | 'sampling' | 'bytes' | 'languages'> {
  readonly words: ReadonlySet<number>;
  readonly grams: ReadonlySet<number>;
}

/** How much of texts is known. Shares are 0 to 1; by occurrence what a reader meets, by type what a vocabulary has. */
export interface KnownShare {
  readonly words: { readonly byOccurrence: number; readonly byType: number; readonly types: number };
  readonly grams: { readonly byOccurrence: number; readonly byType: number; readonly types: number };
  /** Words that are not known, the most frequent first. */
  readonly unknown: readonly string[];
}

const UNKNOWN_WORDS = 12;

/** The words and the n-grams of texts, with what was known before. */
export function knownTextOf(texts: readonly string[], sizes: readonly number[] = DEFAULT_SIZES, before?: KnownText): KnownText {
  const words = new Set(before?.words);
  const grams = new Set(before?.grams);
  let bytes = before?.bytes ?? 0;
  for (const text of texts) {
    for (const word of splitWords(text)) words.add(wordKey(word));
    const content = Buffer.from(text, 'utf8');
    bytes += content.length;
    eachGram(content, before?.sizes ?? sizes, before?.sampling ?? SAMPLING, (key) => grams.add(key));
  }
  return {
    sizes: before?.sizes ?? sizes,
    sampling: before?.sampling ?? SAMPLING,
    words,
    grams,
    bytes,
    languages: languagesOf(texts, before, bytes),
  };
}

/** How much of some texts another set of texts had. */
export function shareKnown(known: KnownText, texts: readonly string[]): KnownShare {
  const words = new Map<string, number>();
  const grams = new Map<number, number>();
  for (const text of texts) {
    for (const word of splitWords(text)) words.set(word, (words.get(word) ?? 0) + 1);
    eachGram(Buffer.from(text, 'utf8'), known.sizes, known.sampling, (key) => grams.set(key, (grams.get(key) ?? 0) + 1));
  }
  const unknown = [...words].filter(([word]) => !known.words.has(wordKey(word)));
  return {
    words: shareOf(words, (word) => known.words.has(wordKey(word))),
    grams: shareOf(grams, (gram) => known.grams.has(gram)),
    unknown: unknown
      .sort((a, b) => b[1] - a[1])
      .slice(0, UNKNOWN_WORDS)
      .map(([word]) => word),
  };
}

function shareOf<Key>(counts: ReadonlyMap<Key, number>, isKnown: (key: Key) => boolean): KnownShare['words'] {
  let [types, occurrences, all] = [0, 0, 0];
  for (const [key, count] of counts) {
    all += count;
    if (!isKnown(key)) continue;
    types++;
    occurrences += count;
  }
  return {
    byOccurrence: all === 0 ? 1 : occurrences / all,
    byType: counts.size === 0 ? 1 : types / counts.size,
    types: counts.size,
  };
}

function languagesOf(texts: readonly string[], before: KnownText | undefined, bytes: number): Header['languages'] {
  const shares = new Map<string, number>();
  const step = Math.max(1, Math.floor(texts.length / LANGUAGE_TEXTS));
  const sample = texts.filter((_, index) => index % step === 0);
  const own = bytes - (before?.bytes ?? 0);
  for (const text of sample) {
    const { language } = languageOfTexts([text]);
    shares.set(language, (shares.get(language) ?? 0) + own / sample.length);
  }
  for (const { language, share } of before?.languages ?? [])
    shares.set(language, (shares.get(language) ?? 0) + share * before!.bytes);
  return [...shares]
    .map(([language, weight]) => ({ language, share: bytes === 0 ? 0 : weight / bytes }))
    .filter(({ share }) => share >= LEAST_LANGUAGE_SHARE)
    .sort((a, b) => b.share - a.share);
}

/** FNV-1a (Fowler, Noll, Vo), 32 bits, over UTF-16 units. */
function wordKey(word: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < word.length; index++) hash = Math.imul(hash ^ word.charCodeAt(index), FNV_PRIME);
  return mixed(hash);
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The finaliser of MurmurHash3 (Appleby), without which the low bits of FNV say little. */
function mixed(hash: number): number {
  let value = hash ^ (hash >>> 16);
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function eachGram(bytes: Uint8Array, sizes: readonly number[], sampling: number, found: (key: number) => void): void {
  const longest = Math.max(...sizes);
  const wanted = new Set(sizes);
  for (let start = 0; start < bytes.length; start++) {
    let hash = FNV_OFFSET;
    const end = Math.min(bytes.length, start + longest);
    for (let at = start; at < end; at++) {
      hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
      if (!wanted.has(at - start + 1)) continue;
      const key = mixed(hash);
      if (key % sampling === 0) found(key);
    }
  }
}

export async function writeKnownText(path: string, known: KnownText): Promise<void> {
  const header: Header = {
    format: 'cem-known-text',
    version: VERSION,
    sizes: [...known.sizes],
    sampling: known.sampling,
    words: known.words.size,
    grams: known.grams.size,
    bytes: known.bytes,
    languages: known.languages.map(({ language, share }) => ({ language, share: Math.round(1000 * share) / 1000 })),
  };
  const text = Buffer.from(JSON.stringify(header), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const content = Buffer.concat([Buffer.from(MAGIC, 'latin1'), length, text, packKeys(known.words), packKeys(known.grams)]);
  const check = Buffer.alloc(4);
  check.writeUInt32LE(crc32(content));
  await writeFileAtomically(path, Buffer.concat([content, check]));
}

function packKeys(keys: ReadonlySet<number>): Buffer {
  const packed: number[] = [];
  let before = 0;
  for (const key of Uint32Array.from(keys).sort()) {
    pushVarint(key - before, packed);
    before = key;
  }
  return Buffer.from(packed);
}

/**
 * What a checkpoint was trained on, where it says so: in its own folder, or in that of its run.
 *
 * @throws FormatError `KNOWN_TEXT_MALFORMED`
 */
export async function readKnownText(checkpoint: string): Promise<KnownText | undefined> {
  const path = await knownTextPath(checkpoint);
  return path === undefined ? undefined : parseKnownText(await readFile(path), path);
}

/** Where a checkpoint says what it was trained on; undefined where it does not. */
export async function knownTextPath(checkpoint: string): Promise<string | undefined> {
  for (const path of [join(checkpoint, KNOWN_TEXT_FILE), join(checkpoint, '../..', KNOWN_TEXT_FILE)])
    if (await exists(path)) return path;
  return undefined;
}

/** @throws FormatError `KNOWN_TEXT_MALFORMED` */
export function parseKnownText(bytes: Buffer, path: string): KnownText {
  const malformed = (what: string) =>
    new FormatError(
      'KNOWN_TEXT_MALFORMED',
      `${path} ${what}: it was made by another version or is damaged; remove it, and what the checkpoint knows is not known`,
      {
        details: { path },
      },
    );
  const start = MAGIC.length + 4;
  if (bytes.length < start + 4 || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw malformed('is no file of known text');
  if (crc32(bytes.subarray(0, -4)) !== bytes.readUInt32LE(bytes.length - 4)) throw malformed('has another checksum than it says');
  const headerEnd = start + bytes.readUInt32LE(MAGIC.length);
  if (headerEnd > bytes.length - 4) throw malformed('ends in its header');
  const header = parseJson(bytes.toString('utf8', start, headerEnd), headerSchema, path, {
    code: 'KNOWN_TEXT_MALFORMED',
    what: 'a file of known text',
    remedy: 'it was made by another version or is damaged: remove it, and what the checkpoint knows is not known',
  });
  const body = bytes.subarray(0, -4);
  const words = unpackKeys(body, headerEnd, header.words);
  const grams = words && unpackKeys(body, words.next, header.grams);
  if (words === undefined || grams === undefined || grams.next !== body.length)
    throw malformed('has other keys than its header says');
  const { sizes, sampling, bytes: size, languages } = header;
  return { sizes, sampling, bytes: size, languages, words: words.keys, grams: grams.keys };
}

function unpackKeys(
  bytes: Uint8Array,
  from: number,
  count: number,
): { readonly keys: Set<number>; readonly next: number } | undefined {
  // Each key takes a byte at least: a count of more is no reason to allocate.
  if (count > bytes.length - from) return undefined;
  const keys = new Set<number>();
  let [key, position] = [0, from];
  for (let index = 0; index < count; index++) {
    const read = readVarint(bytes, position, KEY_BYTES);
    if (read === undefined || key + read.value > 0xffffffff) return undefined;
    key += read.value;
    keys.add(key);
    position = read.next;
  }
  return { keys, next: position };
}
