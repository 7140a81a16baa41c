import { CemError, UsageError } from '../../base/index.ts';
import type { ChatModel } from '../chat/index.ts';
import { longContextOrder } from '../context/long-context-order.ts';
import { filterByTopics, type TopicFilterSettings } from '../context/topic-filter.ts';
import { languageOf } from '../queries/index.ts';
import type { Reranker } from '../rerank/index.ts';
import type { SearchResult } from '../retrieval/searcher.ts';
import {
  type Answer,
  type AnswerEvent,
  type AnswerLanguage,
  type AnswerReader,
  type AnswerRequest,
  type Citation,
  notSaid,
  type Reading,
  type ReadingUnit,
  readingUnits,
  type SearchUnits,
} from './answer/index.ts';
import {
  AgentRun,
  type AgentSettings,
  fuseViews,
  type GlobalView,
  overviewOf,
  type RelevanceFilter,
  standaloneQuestion,
} from './model-steps/index.ts';

/** Units that are read, unless asked otherwise, and results that a reranker chooses them from. */
const UNITS = 8;
const DEPTH = 64;
/** Results that a search gives, at most. */
const MOST = 100;
/** Longest question, in UTF-16 units. */
const LONGEST_QUESTION = 10_000;

export interface AnswererParts {
  readonly search: SearchUnits;
  readonly reader: AnswerReader;
  /** Reads what was found, and chooses the units. */
  readonly reranker?: Reranker | undefined;
  /** Results that the reranker reads; 64 unless given. */
  readonly depth?: number | undefined;
  /** Units that are read; 8 unless given. */
  readonly k?: number | undefined;
  /** Score of the ranking below which a unit is not read: the reranker's where there is one, blended where it counts a share. With no unit above it the documents do not say. */
  readonly threshold?: number | undefined;
  /** Leaves out units that a model finds beside the question. */
  readonly noise?: RelevanceFilter | undefined;
  /** Describes whole documents, for the prompt and the order. */
  readonly globalInfo?: GlobalView | undefined;
  /** Whether the best units stand at both ends of what is read, where readers of long contexts look most; off unless true. */
  readonly reorder?: boolean | undefined;
  /** Leaves paragraphs out whose topics are not the question's; off unless given. */
  readonly topicFilter?: Partial<TopicFilterSettings> | undefined;
  /** Searches again for what an answer lacks. */
  readonly agent?: AgentSettings | undefined;
  /** Rewrites questions that follow others; without it they are searched together with the question before. */
  readonly chat?: ChatModel | undefined;
  /** Takes lines of what went wrong and was done without. */
  readonly note?: ((line: string) => void) | undefined;
}

interface Asked {
  readonly request: AnswerRequest;
  readonly question: string;
  readonly language: AnswerLanguage;
}

/** Milliseconds of what was done so far. */
interface Clock {
  retrieve: number;
  rerank: number;
}

interface ReadOnce {
  readonly answer: string;
  readonly citations: readonly Citation[];
  readonly reading: Reading;
}

/** Answers questions from what a search finds. What an answer cites was among the units that were read, and stands in them letter by letter. */
export class Answerer {
  readonly #parts: AnswererParts;

  constructor(parts: AnswererParts) {
    this.#parts = parts;
  }

  /** The answer, whole: that of `stream`. @throws as `stream` */
  async answer(request: AnswerRequest): Promise<Answer> {
    for await (const event of this.stream(request)) if (event.type === 'done') return event.answer;
    throw new CemError('ANSWER_ENDED', `${this.#parts.reader.name} ended before its answer was whole`);
  }

  /**
   * The answer as it comes: first what was found, then text and citations, each citation before the text that names it, and last the answer with all of it. With an agent the text comes at the end, since only then it is known to be the last.
   *
   * @throws UsageError `ANSWER_QUESTION`, `ANSWER_UNITS`; the signal's reason; what the search and the models throw
   */
  async *stream(request: AnswerRequest): AsyncGenerator<AnswerEvent> {
    const start = performance.now();
    const { reader, k = UNITS, agent } = this.#parts;
    checkRequest(request, k);
    const { signal } = request;
    signal?.throwIfAborted();
    const { chat, note } = this.#parts;
    const standalone = await standaloneQuestion(request.question, request.history ?? [], { chat, signal, note });
    const question = standalone ?? request.question;
    const asked: Asked = { request, question, language: request.language ?? languageOf(request.question) };
    const clock: Clock = { retrieve: 0, rerank: 0 };
    let found = await this.#find(question, asked, clock);
    let read: ReadOnce | undefined;
    let iterations: number | undefined;
    if (agent === undefined) {
      yield { type: 'sources', sources: found };
      for await (const event of this.#read(found, asked)) {
        if (event.type === 'read') read = event.read;
        else yield event;
      }
    } else {
      const run = new AgentRun(agent, question);
      for (;;) {
        for await (const event of this.#read(found, asked)) if (event.type === 'read') read = event.read;
        const { answer, reading } = read!;
        const tokens = (reading.usage?.promptTokens ?? 0) + (reading.usage?.completionTokens ?? 0);
        const { confidence } = reading;
        const queries = await run.next(question, { answer, confidence, tokens }, { language: asked.language, signal, note });
        if (queries.length === 0) break;
        const before = found.length;
        for (const query of queries) found = merged(found, await this.#find(query, asked, clock));
        if (found.length === before) break;
      }
      iterations = run.rounds;
      yield { type: 'sources', sources: found };
      for (const citation of read!.citations) yield { type: 'citation', citation };
      yield { type: 'delta', text: read!.answer };
    }
    const { answer, citations, reading } = read!;
    const total = performance.now() - start;
    yield {
      type: 'done',
      answer: {
        answer,
        answered: reading.answered,
        citations,
        ...(reading.shortAnswer && { shortAnswer: reading.shortAnswer }),
        confidence: reading.confidence,
        ...(reading.reasoning !== undefined && { reasoning: reading.reasoning }),
        dropped: reading.dropped,
        sources: found,
        ...(reading.usage && { usage: reading.usage }),
        timings: {
          retrieve: clock.retrieve,
          ...(this.#parts.reranker && { rerank: clock.rerank }),
          read: total - clock.retrieve - clock.rerank,
          total,
        },
        model: reader.name,
        ...(standalone !== undefined && { question: standalone }),
        ...(iterations !== undefined && { iterations }),
      },
    };
  }

  /** Units for a query, the best first: those above the threshold, as many as are read. */
  async #find(query: string, { request }: Asked, clock: Clock): Promise<readonly SearchResult[]> {
    const { search, reranker, depth = DEPTH, threshold } = this.#parts;
    const { filter, signal, k = this.#parts.k ?? UNITS } = request;
    const start = performance.now();
    const results = await search(query, { k: reranker === undefined ? k : Math.min(MOST, Math.max(depth, k)), filter, signal });
    clock.retrieve += performance.now() - start;
    let ranked = results;
    if (reranker !== undefined) {
      const begin = performance.now();
      ranked = await reranker.rerank(query, results, { topN: k, signal });
      clock.rerank += performance.now() - begin;
    }
    signal?.throwIfAborted();
    return ranked.slice(0, k).filter(({ score }) => threshold === undefined || score >= threshold);
  }

  /** Reads units: what the reader says as it says it, and all of it at the end. */
  async *#read(
    found: readonly SearchResult[],
    asked: Asked,
  ): AsyncGenerator<Exclude<AnswerEvent, { type: 'sources' | 'done' }> | { readonly type: 'read'; readonly read: ReadOnce }> {
    const { question, language, request } = asked;
    const { signal } = request;
    const { units, overview } = await this.#prepare(found, asked);
    if (units.length === 0) {
      const answer = notSaid(language);
      yield { type: 'delta', text: answer };
      yield { type: 'read', read: { answer, citations: [], reading: { answered: false, confidence: 0, dropped: 0 } } };
      return;
    }
    let answer = '';
    const citations: Citation[] = [];
    for await (const event of this.#parts.reader.read({ question, language, units, overview, signal })) {
      if (event.type === 'read') {
        yield { type: 'read', read: { answer, citations, reading: event.reading } };
        return;
      }
      if (event.type === 'delta') answer += event.text;
      else citations.push(event.citation);
      yield event;
    }
  }

  /** What a reader is given of what was found. */
  async #prepare(
    found: readonly SearchResult[],
    { question, language, request: { signal } }: Asked,
  ): Promise<{ readonly units: readonly ReadingUnit[]; readonly overview?: string | undefined }> {
    const { globalInfo, noise, topicFilter, reorder } = this.#parts;
    const infos = await globalInfo?.describe(found, { language, signal });
    let units: readonly ReadingUnit[] = readingUnits(infos === undefined ? found : await fuseViews(question, found, infos));
    if (noise !== undefined) units = await noise.keep(question, units, { language, signal });
    if (topicFilter !== undefined && units.length > 0) {
      const { texts } = await filterByTopics(
        question,
        units.map(({ text }) => text),
        topicFilter,
      );
      units = units.map((unit, place) => ({ ...unit, shown: texts[place] || unit.text }));
    }
    signal?.throwIfAborted();
    return { units: reorder ? longContextOrder(units) : units, ...(infos && { overview: overviewOf(infos, language) }) };
  }
}

/** What was found before, and behind it what is new. */
function merged(before: readonly SearchResult[], after: readonly SearchResult[]): readonly SearchResult[] {
  const known = new Set(before.map(({ document }) => document));
  return [...before, ...after.filter(({ document }) => !known.has(document))];
}

function checkRequest({ question, k }: AnswerRequest, own: number): void {
  if (question.trim() === '' || question.length > LONGEST_QUESTION)
    throw new UsageError(
      'ANSWER_QUESTION',
      `a question is 1 to ${LONGEST_QUESTION} characters that are not all spaces, this one has ${question.length}`,
    );
  const units = k ?? own;
  if (!Number.isInteger(units) || units < 1 || units > MOST)
    throw new UsageError('ANSWER_UNITS', `k is the number of units that are read, 1 to ${MOST}, not ${units}`, {
      details: { k: units },
    });
}
