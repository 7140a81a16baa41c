import { createHash } from 'node:crypto';
import { CemError } from '../../base/index.ts';
import type { Document } from '../../data/index.ts';
import { splitSentences } from '../../data/index.ts';
import type { MarkdownFile } from '../shared/installed-markdown.ts';
import { MARKDOWN_LENGTHS, markdownDocuments } from '../shared/markdown-documents.ts';

/** A held-out document and the query that asks for it: a sentence that was taken out of it. */
interface HeldOutDocument {
  readonly document: Document;
  readonly query: string;
}

export interface DemoCorpus {
  readonly training: readonly Document[];
  readonly heldOut: readonly HeldOutDocument[];
}

export interface DemoCorpusOptions {
  /** Held-out documents that are wanted; never more than a fifth of all. */
  readonly heldOut: number;
  readonly seed: number;
}

const LARGEST_HELD_OUT_SHARE = 0.2;
/** A file that would bring more than this many times what is wanted stays in training. */
const LARGEST_EXCESS = 1.1;
/** Characters of a sentence that can be a query. */
const SHORTEST_QUERY = 50;
const LONGEST_QUERY = 250;
const FEWEST_QUERY_WORDS = 7;
/** Share of letters and spaces: code, links and tables have less. */
const LEAST_LETTERS = 0.85;
/** Chance alone ranks a document among ten of few. */
const FEWEST_PASSAGES = 100;

/**
 * Passages of Markdown files, parted into training documents and held-out documents with a query each. Whole files are held out, so that no
 * held-out document has a neighbour in training; a passage that occurs twice is taken once. The same files, options and order give the same corpus.
 *
 * @throws CemError `DEMO_TOO_LITTLE_TEXT`
 */
export function makeDemoCorpus(files: readonly MarkdownFile[], options: DemoCorpusOptions): DemoCorpus {
  const seen = new Set<string>();
  const passages = new Map(files.map((file) => [file.name, markdownDocuments(file, seen)]));
  const total = [...passages.values()].reduce((sum, { length }) => sum + length, 0);
  if (total < FEWEST_PASSAGES) {
    throw new CemError(
      'DEMO_TOO_LITTLE_TEXT',
      `the Markdown gives ${total} passages, and fewer than ${FEWEST_PASSAGES} cannot be parted into training and evaluation: name a folder with more by --source`,
      { details: { total } },
    );
  }
  const occurrences = countSentences(passages);
  const wanted = Math.min(options.heldOut, Math.floor(LARGEST_HELD_OUT_SHARE * total));
  const heldOut = new Map<string, HeldOutDocument[]>();
  let taken = 0;
  for (const name of shuffledNames(passages, options.seed)) {
    if (taken >= wanted) break;
    const documents = passages.get(name)!;
    if (taken + documents.length > wanted * LARGEST_EXCESS) continue;
    const asked = documents.flatMap((document) => withQuery(document, occurrences, options.seed));
    heldOut.set(name, asked);
    taken += asked.length;
  }
  const inOrder = [...passages.keys()];
  return {
    training: inOrder.filter((name) => !heldOut.has(name)).flatMap((name) => passages.get(name)!),
    heldOut: inOrder.flatMap((name) => heldOut.get(name) ?? []),
  };
}

function countSentences(passages: ReadonlyMap<string, readonly Document[]>): Map<string, number> {
  const occurrences = new Map<string, number>();
  for (const documents of passages.values()) {
    for (const { text } of documents)
      for (const sentence of splitSentences(text)) occurrences.set(sentence, (occurrences.get(sentence) ?? 0) + 1);
  }
  return occurrences;
}

/** An order that does not follow the alphabet, the same each time. */
function shuffledNames(passages: ReadonlyMap<string, unknown>, seed: number): string[] {
  return [...passages.keys()]
    .map((name) => ({ name, key: createHash('sha256').update(`${seed} ${name}`).digest('hex') }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ name }) => name);
}

/** Takes one sentence of prose that occurs nowhere else out of a document; none when it has no such sentence. */
function withQuery(document: Document, occurrences: ReadonlyMap<string, number>, seed: number): HeldOutDocument[] {
  const prose = document.text.replace(/^ {0,3}(`{3,}|~{3,})[\s\S]*?(?:^ {0,3}\1.*$|$(?![\s\S]))/gm, '\n\n');
  const candidates = splitSentences(prose).filter(
    (sentence) =>
      isQuery(sentence) &&
      occurrences.get(sentence) === 1 &&
      document.text.length - sentence.length >= MARKDOWN_LENGTHS.shortest &&
      document.text.split(sentence).length === 2,
  );
  if (candidates.length === 0) return [];
  const number = createHash('sha256').update(`${seed} ${document.id}`).digest().readUInt32LE(0) % candidates.length;
  const query = candidates[number]!;
  return [{ document: { ...document, text: document.text.replace(query, () => ' ') }, query: query.replace(/\s+/g, ' ') }];
}

function isQuery(sentence: string): boolean {
  if (sentence.length < SHORTEST_QUERY || sentence.length > LONGEST_QUERY || /^[|>#<]/.test(sentence)) return false;
  const letters = sentence.match(/[\p{Letter}\s]/gu)?.length ?? 0;
  return letters / sentence.length >= LEAST_LETTERS && sentence.split(/\s+/).length >= FEWEST_QUERY_WORDS;
}
