import type { ByteSpan } from '../../../base/index.ts';
import type { Metadata } from '../../../data/index.ts';
import type { ChatUsage } from '../../chat/index.ts';
import type { SearchResult } from '../../retrieval/searcher.ts';
import type { AnswerLanguage, Citation, ShortAnswer } from './answer.ts';

/** A unit that a reader is given. */
export interface ReadingUnit {
  /** From 1, as the reader calls it. */
  readonly number: number;
  readonly result: SearchResult;
  /** All of it: what citations are held against. */
  readonly text: string;
  /** What is shown of it; a filter may have left paragraphs out. */
  readonly shown: string;
  /** The passage that was found, in bytes of the text. */
  readonly passage: ByteSpan;
  readonly metadata: Metadata;
}

export interface ReadingRequest {
  readonly question: string;
  readonly language: AnswerLanguage;
  /** In the order in which they are read; the best one has number 1. */
  readonly units: readonly ReadingUnit[];
  /** What is known of the documents as wholes, for the prompt. */
  readonly overview?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is known when all is read. */
export interface Reading {
  readonly answered: boolean;
  readonly confidence: number;
  readonly reasoning?: string;
  readonly dropped: number;
  readonly usage?: ChatUsage;
  readonly shortAnswer?: ShortAnswer | undefined;
}

export type ReadingEvent =
  | { readonly type: 'delta'; readonly text: string }
  | { readonly type: 'citation'; readonly citation: Citation }
  | { readonly type: 'read'; readonly reading: Reading };

/** Reads units and answers a question from them alone. */
export interface AnswerReader {
  /** Stable: `extractive`, or that of the chat model. */
  readonly name: string;
  /** Ends with one event `read`. @throws the signal's reason, and what a model throws */
  read(request: ReadingRequest): AsyncIterable<ReadingEvent>;
}

/** Results as units for a reader, numbered by rank. */
export function readingUnits(results: readonly SearchResult[]): ReadingUnit[] {
  return results.map((result, rank) => {
    const { unit, text: passageText, metadata } = result;
    const text = unit?.text ?? passageText;
    const passage = unit?.passage ?? { start: 0, end: Buffer.byteLength(text) };
    return { number: rank + 1, result, text, shown: text, passage, metadata: (metadata ?? {}) as Metadata };
  });
}

const NOT_SAID: Readonly<Record<AnswerLanguage, string>> = {
  en: 'The documents do not say.',
  zh: '所给文档中没有相关内容。',
};

/** What is said where nothing in the documents answers the question. */
export function notSaid(language: AnswerLanguage): string {
  return NOT_SAID[language];
}
