import { UsageError } from '../../../base/index.ts';
import { type ChatMessage, type ChatModel, type ChatUsage, streamChat } from '../../chat/index.ts';
import {
  type AnswerReader,
  notSaid,
  type Reading,
  type ReadingEvent,
  type ReadingRequest,
  type ReadingUnit,
} from '../answer/index.ts';
import { openTerms } from '../question/index.ts';
import { ChatAnswerText, type WrittenAnswer } from './chat-answer-text.ts';
import { fitUnits } from './fit-units.ts';
import { ANSWER_SCHEMA, documentHead, type ReadingForm, readingMessages } from './reading-prompt.ts';

/** Tokens of prompt and answer together, where the model does not say. */
const CONTEXT = 32_000;
/** Tokens of an answer, at most, and as a share of a small context. */
const ANSWER = 1024;
const ANSWER_SHARE = 0.25;
/** For what chat templates put around messages. */
const TEMPLATE = 64;
/** Bytes of a token, counted low: English has four, an ideograph's three are often one. */
const BYTES = 3;

export interface ChatReaderOptions {
  /** JSON with its citations (the default), or text with numbers of documents, for models that can write no JSON. */
  readonly form?: ReadingForm | undefined;
  /** Tokens of prompt and answer together; the model's, else 32,000, unless given. */
  readonly contextTokens?: number | undefined;
  /** Tokens of an answer, at most; 1,024 unless given. */
  readonly answerTokens?: number | undefined;
  /** Counts tokens where the model cannot; by bytes unless given. */
  readonly count?: ((text: string) => number) | undefined;
}

/** Has a chat model read the units. What it cites is held against them, see `CitationChecker`; the text comes as it is written, as soon as its citations are known. */
export class ChatReader implements AnswerReader {
  readonly #model: ChatModel;
  readonly #options: ChatReaderOptions;

  constructor(model: ChatModel, options: ChatReaderOptions = {}) {
    this.#model = model;
    this.#options = options;
  }

  get name(): string {
    return this.#model.name;
  }

  async *read(request: ReadingRequest): AsyncGenerator<ReadingEvent> {
    const { signal, question, language } = request;
    const terms = await openTerms();
    const { form = 'json' } = this.#options;
    const { context, answer } = this.#budget();
    const { messages, shown } = this.#prompt(request, context - answer);
    if (shown.length === 0)
      throw new UsageError(
        'ANSWER_CONTEXT',
        `${context} tokens of context have no room for a document beside the prompt and ${answer} tokens of answer: take a model with more, or shorter answers`,
        { details: { context, answer } },
      );
    // What had no room in the prompt cannot be cited.
    const written = new ChatAnswerText(question, shown, terms);
    let usage: ChatUsage | undefined;
    const settings = {
      temperature: 0,
      maxTokens: answer,
      signal,
      onUsage: (taken: ChatUsage) => {
        usage = taken;
      },
      ...(form === 'json' && { json: true, schema: ANSWER_SCHEMA }),
    };
    for await (const piece of streamChat(this.#model, messages, settings)) yield* eventsOf(written.push(piece));
    signal?.throwIfAborted();
    yield* eventsOf(written.end());
    if (written.text === '') yield { type: 'delta', text: notSaid(language) };
    const reading: Reading = { ...written.reading(), ...(usage && { usage }) };
    yield { type: 'read', reading };
  }

  /** Tokens of prompt and answer together, and of the answer. */
  #budget(): { readonly context: number; readonly answer: number } {
    const { contextTokens, answerTokens = ANSWER } = this.#options;
    const most = this.#model.tokens?.context ?? Number.POSITIVE_INFINITY;
    const context = Math.min(contextTokens ?? this.#model.tokens?.context ?? CONTEXT, most);
    return { context, answer: Math.min(answerTokens, Math.floor(context * ANSWER_SHARE)) };
  }

  /** The prompt, with as much of the units as there is room for. */
  #prompt(
    { question, language, units, overview }: ReadingRequest,
    room: number,
  ): { readonly messages: readonly ChatMessage[]; readonly shown: readonly ReadingUnit[] } {
    const { form = 'json', count: given = bytesCount } = this.#options;
    const { tokens } = this.#model;
    const count = tokens ? (text: string) => tokens.count(text) : given;
    const around = readingMessages({ form, language, question, overview, documents: [] });
    const heads = units.map((unit) => `${documentHead(unit)}\n\n`).join('');
    const taken = [heads, ...around.map(({ content }) => content)].reduce((total, text) => total + count(text), TEMPLATE);
    const byRank = [...units].sort((first, second) => first.number - second.number);
    const fitting = fitUnits(byRank, room - taken, count);
    const documents = units.flatMap((unit) => fitting.filter((shown) => shown.unit === unit));
    return {
      messages: readingMessages({ form, language, question, overview, documents }),
      shown: documents.map(({ unit }) => unit),
    };
  }
}

function bytesCount(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES);
}

/** A citation comes before the text that names it. */
function* eventsOf({ text, citations }: WrittenAnswer): Generator<ReadingEvent> {
  for (const citation of citations) yield { type: 'citation', citation };
  if (text !== '') yield { type: 'delta', text };
}
