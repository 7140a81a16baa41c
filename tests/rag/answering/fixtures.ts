import type { RandomNumbers } from '../../../base/index.ts';
import type { Metadata } from '../../../data/index.ts';
import { type ReadingUnit, readingUnits } from '../../../rag/answering/answer/reader.ts';
import type { Answer, AnswerEvent, AnswererParts, SearchUnits } from '../../../rag/answering/index.ts';
import { Answerer } from '../../../rag/answering/index.ts';
import type { ChatMessage, ChatModel, ChatOptions } from '../../../rag/chat/index.ts';
import type { SearchResult } from '../../../rag/index.ts';

/** A unit as a search gives it; the passage that was found is its beginning unless another is given. */
export function resultOf(
  document: string,
  text: string,
  { score = 1, passage = text, metadata = {} }: { score?: number; passage?: string; metadata?: Metadata } = {},
): SearchResult {
  const start = Buffer.byteLength(text.slice(0, text.indexOf(passage)));
  const place = { start, end: start + Buffer.byteLength(passage) };
  return {
    document,
    chunk: 0,
    passage: 0,
    score,
    text: passage,
    unit: { text, passage: place },
    retriever: 'test',
    metadata: metadata as NonNullable<SearchResult['metadata']>,
  };
}

export function unitsOf(...texts: string[]): ReadingUnit[] {
  return readingUnits(texts.map((text, place) => resultOf(`d${place + 1}-0`, text)));
}

/** Finds the same whatever is asked. */
const finding =
  (results: readonly SearchResult[]): SearchUnits =>
  async (_, { k }) =>
    results.slice(0, k);

/** Says the same whatever it is asked, whole or in pieces; a list says one after the other. */
export class Saying implements ChatModel {
  readonly name = 'saying';
  readonly asked: { readonly messages: readonly ChatMessage[]; readonly options: ChatOptions }[] = [];
  readonly #answers: string[];
  readonly stream?: (messages: readonly ChatMessage[], options?: ChatOptions) => AsyncIterable<string>;

  /** @param cut gives the pieces of an answer; without it the model knows no streams */
  constructor(answers: string | readonly string[], cut?: (answer: string) => readonly string[]) {
    this.#answers = typeof answers === 'string' ? [answers] : [...answers];
    if (cut === undefined) return;
    const next = (messages: readonly ChatMessage[], options: ChatOptions) => this.complete(messages, options);
    this.stream = async function* (messages, options = {}) {
      yield* cut(await next(messages, options));
    };
  }

  async complete(messages: readonly ChatMessage[], options: ChatOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    this.asked.push({ messages, options });
    return this.#answers.length > 1 ? this.#answers.shift()! : this.#answers[0]!;
  }
}

/** Pieces of 1 UTF-16 unit to so many: characters are cut too. */
export function randomPieces(random: RandomNumbers, longest = 12): (answer: string) => string[] {
  return (answer) => {
    const pieces: string[] = [];
    for (let place = 0; place < answer.length; ) {
      const length = 1 + random.integer(longest);
      pieces.push(answer.slice(place, place + length));
      place += length;
    }
    return pieces;
  };
}

export async function eventsOf(events: AsyncIterable<AnswerEvent>): Promise<AnswerEvent[]> {
  const all: AnswerEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** An answer without what depends on the clock. */
export function timeless({ timings: _, ...answer }: Answer): Omit<Answer, 'timings'> {
  return answer;
}

export function answererOf(parts: Omit<AnswererParts, 'search'>, results: readonly SearchResult[]): Answerer {
  return new Answerer({ ...parts, search: finding(results) });
}
