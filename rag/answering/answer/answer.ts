import type { ByteSpan } from '../../../base/index.ts';
import type { Metadata } from '../../../data/index.ts';
import type { Filter } from '../../../search/index.ts';
import type { ChatMessage, ChatUsage } from '../../chat/index.ts';
import type { SearchResult } from '../../retrieval/searcher.ts';

/** Languages that questions are answered in. */
export type AnswerLanguage = 'en' | 'zh';

/** Finds the units that a reader reads, each with its whole text as `unit`. Rules of access are inside it. */
export type SearchUnits = (
  query: string,
  options: { readonly k: number; readonly filter?: Filter | undefined; readonly signal?: AbortSignal | undefined },
) => Promise<readonly SearchResult[]>;

export interface AnswerRequest {
  readonly question: string;
  /** What was said before, oldest first. */
  readonly history?: readonly ChatMessage[] | undefined;
  /** Units that are read; what the answerer was made with unless given. */
  readonly k?: number | undefined;
  readonly filter?: Filter | undefined;
  /** Of the answer; the question's unless given. */
  readonly language?: AnswerLanguage | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A cell of a table by its labels: the first cell of its row, and the header of its column. */
export interface CellPlace {
  readonly row: string;
  readonly column: string;
}

/** A piece of a unit that the answer rests on. */
export interface Citation extends Pick<Metadata, 'source' | 'title' | 'pages' | 'headings' | 'fields'> {
  /** From 1, as `[1]` in the answer. */
  readonly number: number;
  /** Id of the unit. */
  readonly document: string;
  readonly chunk: number;
  readonly passage: number;
  /** The quoted span itself, letter by letter from the unit. */
  readonly text: string;
  /** Where it stands in the unit's text, in bytes of UTF-8. */
  readonly span: ByteSpan;
  /** Where it is a cell of a table, or lies in one: which. */
  readonly cell?: CellPlace;
  /** 0 to 1. */
  readonly relevance: number;
}

/** The few words of a citation that answer the question. */
export interface ShortAnswer {
  readonly text: string;
  /** Number of the citation that they stand in. */
  readonly citation: number;
  /** In the unit's text, in bytes. */
  readonly span: ByteSpan;
}

/** Milliseconds. */
export interface AnswerTimings {
  readonly retrieve: number;
  readonly rerank?: number;
  readonly read: number;
  readonly total: number;
}

export interface Answer {
  /** Markers `[1]` in it are numbers of citations; those inside code are none. */
  readonly answer: string;
  /** False: the documents do not say. */
  readonly answered: boolean;
  readonly citations: readonly Citation[];
  /** Where the question's form permits: the words of a citation that answer it. */
  readonly shortAnswer?: ShortAnswer | undefined;
  /** 0 to 1. */
  readonly confidence: number;
  readonly reasoning?: string;
  /** Citations of the reader that did not hold: no such document among those it was given, no such words in it, or no sentence that says what it was cited for or what is said without any citation. */
  readonly dropped: number;
  /** What was read, the best first. */
  readonly sources: readonly SearchResult[];
  readonly usage?: ChatUsage;
  readonly timings: AnswerTimings;
  /** What wrote it. */
  readonly model: string;
  /** The question as it was rewritten to stand without the conversation. */
  readonly question?: string;
  /** Of the agent: how often it was read. */
  readonly iterations?: number;
}

/** An answer as it comes. Its text is that of the `delta`s, one behind the other; errors are thrown. */
export type AnswerEvent =
  | { readonly type: 'sources'; readonly sources: readonly SearchResult[] }
  | { readonly type: 'delta'; readonly text: string }
  | { readonly type: 'citation'; readonly citation: Citation }
  | { readonly type: 'done'; readonly answer: Answer };
