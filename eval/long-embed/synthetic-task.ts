import assert from 'node:assert/strict';
import { RandomNumbers } from '../../base/index.ts';

/** Lengths in tokens at which the synthetic tasks are measured (Zhu et al. 2024, arXiv 2404.12096, section 3). */
export const LONG_EMBED_LENGTHS: readonly number[] = [256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];

/** A length in tokens stands for so many words: a token of English is about three quarters of a word. */
const WORDS_PER_TOKEN = 0.75;

/** Candidate documents at one length, shared by all queries. */
export const SYNTHETIC_DOCUMENTS = 100;
/** Queries at one length; half of the documents are asked for. */
const SYNTHETIC_QUERIES = 50;

/** One synthetic task at one length: every query has one relevant document. */
export interface SyntheticTask {
  readonly name: 'passkey' | 'needle';
  readonly length: number;
  readonly seed: number;
  readonly documents: readonly { readonly id: string; readonly text: string }[];
  readonly queries: readonly { readonly id: string; readonly text: string; readonly relevant: string }[];
}

/** A document of a task and the query that asks for it. */
interface HiddenFact {
  readonly text: string;
  readonly query: string;
}

/** Most words that a document of this length in tokens has. */
export function largestWordCount(length: number): number {
  return Math.floor(length * WORDS_PER_TOKEN);
}

export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/**
 * Names the documents and draws which of them are asked for. Neither follows the other: an encoder that tells no document from another ranks by id alone, and is
 * right as often as chance is (the document that comes first is asked for by one query of 50, or by none: 1 in 100 on average).
 *
 * @param facts one a document, `SYNTHETIC_DOCUMENTS` of them
 */
export function nameDocuments(
  name: SyntheticTask['name'],
  length: number,
  seed: number,
  facts: readonly HiddenFact[],
): SyntheticTask {
  assert.equal(facts.length, SYNTHETIC_DOCUMENTS);
  const random = new RandomNumbers(seed, `${name} ${length} queries`);
  const asked = Int32Array.from(facts.keys());
  random.shuffle(asked);
  const idOf = (index: number): string => `${name}-${length}-${String(index).padStart(3, '0')}`;
  return {
    name,
    length,
    seed,
    documents: facts.map(({ text }, index) => ({ id: idOf(index), text })),
    queries: Array.from(asked.subarray(0, SYNTHETIC_QUERIES), (index) => ({
      id: `${idOf(index)}-query`,
      text: facts[index]!.query,
      relevant: idOf(index),
    })),
  };
}

/** Different numbers in 0..limit-1, in random order. */
export function drawDifferent(random: RandomNumbers, count: number, limit: number): number[] {
  const numbers = Int32Array.from({ length: limit }, (_, number) => number);
  random.shuffle(numbers);
  return [...numbers.subarray(0, count)];
}
