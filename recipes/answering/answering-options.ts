import { UsageError } from '../../base/index.ts';
import type { AgentSettings, ReadingForm, Reranker, SearchUnits, TopicFilterSettings } from '../../rag/index.ts';
import type { OnBackend } from '../shared/backend.ts';
import type { LongCall } from '../shared/call.ts';

/** What answers are written by, and from what. Without a model they are sentences of the documents themselves. */
export interface ReaderChoice extends Pick<LongCall, 'listener'>, OnBackend {
  /** `extractive`, sentences of the documents, or `chat`, a model; by whether a model is named unless given. */
  readonly reader?: 'extractive' | 'chat' | undefined;
  /** Address of an endpoint of OpenAI's shape; OPENAI_BASE_URL unless given. Its key is OPENAI_API_KEY. */
  readonly llm?: string | undefined;
  /** What the endpoint calls its model; CEM_CHAT_MODEL unless given. */
  readonly llmModel?: string | undefined;
  /** A GGUF file, for a model in this process, in place of an endpoint; needs the package node-llama-cpp. */
  readonly localModel?: string | undefined;
  /** How a model is asked to write: `json` unless given, or `text`, which small models do better. */
  readonly form?: ReadingForm | undefined;
  /** Tokens of prompt and answer together: what a local model has room for, else 32,000, unless given. */
  readonly contextTokens?: number | undefined;
  /** Tokens of an answer, at most; 1,024 unless given. */
  readonly answerTokens?: number | undefined;
  /** Of the extractive reader: sentences of an answer, at most (3). */
  readonly sentences?: number | undefined;
  /** Of the extractive reader: evidence, 0 to 1, below which the documents do not say. */
  readonly minimum?: number | undefined;
  /** Units that are read; 8 unless given. */
  readonly k?: number | undefined;
  /** Score of the ranking below which a unit is not read. */
  readonly threshold?: number | undefined;
  /** What orders the found units by reading them: an open reranker, which stays the caller's, or the line that names one. */
  readonly reranker?: Reranker | string | undefined;
  /** Results that the reranker reads; 64 unless given. */
  readonly depth?: number | undefined;
  /** How much a reranker that a line names counts beside what ranked before it, 0 to 1; 1, it alone, unless given. */
  readonly rerankShare?: number | undefined;
  /** Folder in which models are looked up before the hub. */
  readonly models?: string | undefined;
  /** Whether the model leaves out units that have nothing to do with the question, before it answers. */
  readonly noiseFilter?: boolean | undefined;
  /** Whether the model describes whole documents, for the prompt and the order. */
  readonly globalInfo?: boolean | undefined;
  /** Whether the best units stand at both ends of the prompt. */
  readonly reorder?: boolean | undefined;
  /** Whether paragraphs are left out whose topics are not the question's, or how they are chosen. */
  readonly topicFilter?: boolean | Partial<TopicFilterSettings> | undefined;
  /** Whether the model searches again for what an answer lacks, or within which bounds. */
  readonly agent?: boolean | Omit<AgentSettings, 'chat'> | undefined;
}

export interface AnsweringOptions extends ReaderChoice {
  /** Finds units, each with its whole text; rules of access are inside it. `searchUnits` makes one of a searcher. */
  readonly search: SearchUnits;
}

/** Whether options name a chat model. @throws UsageError `ANSWER_OPTIONS` for what does not go together */
export function wantsChat(options: ReaderChoice): boolean {
  const { reader, llm, llmModel, localModel, noiseFilter, globalInfo, agent } = options;
  const isNamed = llm !== undefined || llmModel !== undefined || localModel !== undefined;
  if (localModel !== undefined && (llm !== undefined || llmModel !== undefined))
    throw new UsageError('ANSWER_OPTIONS', 'a local model and an endpoint are two readers: name one of them');
  const wanting = Object.entries({ noiseFilter, globalInfo, agent }).find(([, value]) => value);
  if (wanting !== undefined && !isNamed && reader !== 'chat')
    throw new UsageError('ANSWER_OPTIONS', `${wanting[0]} is done by a chat model: name one, an endpoint or a local file`, {
      details: { option: wanting[0] },
    });
  return isNamed || reader === 'chat';
}
