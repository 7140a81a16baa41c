import { ClosingStack, type Listener } from '../../base/index.ts';
import {
  Answerer,
  type AnswererParts,
  type AnswerReader,
  type ChatModel,
  ChatReader,
  ExtractiveReader,
  GlobalView,
  LlamaChatModel,
  OpenAiChatModel,
  RelevanceFilter,
  type Reranker,
  type SearchUnits,
} from '../../rag/index.ts';
import { assertShareOfReranker } from '../../rag/rerank/index.ts';
import { openReranker } from '../search/index.ts';
import { listenerOf } from '../shared/call.ts';
import { given } from '../shared/given.ts';
import { type AnsweringOptions, type ReaderChoice, wantsChat } from './answering-options.ts';

/** What answers are written by, opened once: any number of answerers share it, each with a search of its own. */
export interface Answering extends AsyncDisposable {
  /** `extractive`, or the name of the chat model. */
  readonly reader: string;
  /** The chat model, where there is one. */
  readonly chat: ChatModel | undefined;
  /** Costs nothing: one for each request. */
  answerer(search: SearchUnits, parts?: Partial<AnswererParts>): Answerer;
  close(): Promise<void>;
}

/** An answerer with what it answers by; close it. */
export interface OpenedAnswerer extends Pick<Answerer, 'answer' | 'stream'>, AsyncDisposable {
  close(): Promise<void>;
}

/**
 * Opens what answers are written by. No package of language models is loaded for the extractive reader, and no tokenizer before a chat model reads.
 *
 * @throws UsageError `ANSWER_OPTIONS`, `CHAT_MODEL`, `RERANK_SHARE`; CemError `CHAT_MODEL_PACKAGE`; and as `openReranker`
 */
export async function openAnswering(options: ReaderChoice = {}): Promise<Answering> {
  const opened = new ClosingStack();
  const listener = listenerOf(options);
  assertShareOfReranker(options.reranker, options.rerankShare);
  try {
    const chat = wantsChat(options) ? await openChat(options, opened) : undefined;
    const reader = await openReader(options, chat);
    const reranker = await rerankerOf(options, opened);
    const parts = partsOf(options, reader, chat, reranker, listener);
    const close = () => opened.close();
    return {
      reader: reader.name,
      chat,
      answerer: (search, own) => new Answerer({ ...parts, ...own, search }),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** The same for one search alone: `await using answerer = await openAnswerer({ search: searchUnits(searcher) })`. @throws as `openAnswering` */
export async function openAnswerer({ search, ...options }: AnsweringOptions): Promise<OpenedAnswerer> {
  const answering = await openAnswering(options);
  const answerer = answering.answerer(search);
  const close = () => answering.close();
  return {
    answer: (request) => answerer.answer(request),
    stream: (request) => answerer.stream(request),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openChat({ llm, llmModel, localModel, contextTokens }: ReaderChoice, opened: ClosingStack): Promise<ChatModel> {
  if (localModel === undefined) return new OpenAiChatModel({ baseUrl: llm, model: llmModel });
  const model = await LlamaChatModel.open({ path: localModel, ...given({ context: contextTokens }) });
  return opened.add(model, (part) => part.dispose());
}

async function openReader(options: ReaderChoice, chat: ChatModel | undefined): Promise<AnswerReader> {
  const { reader, form, contextTokens, answerTokens, sentences, minimum } = options;
  if (chat === undefined || reader === 'extractive') return new ExtractiveReader({ sentences, minimum });
  return new ChatReader(chat, { form, contextTokens, answerTokens, count: await counterOf(chat) });
}

/** A model that counts no tokens of its own is taken to count as OpenAI's do. */
async function counterOf(chat: ChatModel): Promise<((text: string) => number) | undefined> {
  if (chat.tokens !== undefined) return undefined;
  const { openTokenCounter } = await import('../../ingest/index.ts');
  const counter = await openTokenCounter();
  return (text) => counter.count(text);
}

async function rerankerOf({ reranker, ...options }: ReaderChoice, opened: ClosingStack): Promise<Reranker | undefined> {
  if (typeof reranker !== 'string') return reranker;
  return opened.add(await openReranker(reranker, options), (part) => part.dispose());
}

function partsOf(
  { k, threshold, depth, noiseFilter, globalInfo, reorder, topicFilter, agent }: ReaderChoice,
  reader: AnswerReader,
  chat: ChatModel | undefined,
  reranker: Reranker | undefined,
  { note }: Listener,
): Omit<AnswererParts, 'search'> {
  return {
    reader,
    reranker,
    depth,
    k,
    threshold,
    reorder,
    chat,
    note,
    ...(topicFilter && { topicFilter: topicFilter === true ? {} : topicFilter }),
    ...(chat && noiseFilter && { noise: new RelevanceFilter(chat, { note }) }),
    ...(chat && globalInfo && { globalInfo: new GlobalView(chat, { note }) }),
    ...(chat && agent && { agent: { chat, ...(agent === true ? {} : agent) } }),
  };
}
