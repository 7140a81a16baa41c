import { UsageError } from '../../base/index.ts';
import { OpenAiChatModel, type QueryEncoderChoice, type QuerySteps, type RetrieverChoice } from '../../rag/index.ts';
import type { ReaderChoice } from '../../recipes/index.ts';
import { filterOption } from './filter-option.ts';
import { databaseOption, indexOption, modelsOption, queriesOption, retrieversOption } from './index-options.ts';
import type { PresetChat } from './preset-option.ts';
import { queryOptions } from './query-options.ts';
import { rerankOptions } from './rerank-options.ts';

/** What `ask` and `chat` take: what is searched, how, and what answers. */
export interface AnswerOptions {
  readonly index?: string | undefined;
  readonly collection?: string | undefined;
  readonly k: number;
  readonly filter?: string | undefined;
  readonly database?: string | undefined;
  readonly models?: string | undefined;
  readonly queries?: QueryEncoderChoice | undefined;
  readonly retrievers?: RetrieverChoice | undefined;
  readonly selfQuery?: boolean | undefined;
  readonly hyde: boolean;
  readonly rewrites?: number | undefined;
  readonly reader?: 'extractive' | 'chat' | undefined;
  readonly llm?: string | undefined;
  readonly llmModel?: string | undefined;
  readonly localModel?: string | undefined;
  readonly form?: 'json' | 'text' | undefined;
  readonly contextTokens?: number | undefined;
  readonly answerTokens?: number | undefined;
  readonly sentences?: number | undefined;
  readonly minimum?: number | undefined;
  readonly threshold?: number | undefined;
  readonly reranker?: string | undefined;
  readonly rerankDepth?: number | undefined;
  readonly rerankShare?: number | undefined;
  readonly noiseFilter?: boolean | undefined;
  readonly globalInfo?: boolean | undefined;
  readonly reorder: boolean;
  readonly topicFilter?: boolean | undefined;
  readonly agent: boolean;
  readonly presetChat?: PresetChat | undefined;
}

/** What computes, which every command takes. */
interface OnBackend {
  readonly backend: string;
}

const DEFAULT_UNITS = 8;

export const answerOptions = {
  collection: { type: 'string', describe: "the collection's folder" },
  index: { ...indexOption, demandOption: false, describe: 'folder of the index, in place of a collection' },
  k: { type: 'number', default: DEFAULT_UNITS, describe: 'units that are read, 1 to 100' },
  filter: filterOption,
  database: databaseOption,
  models: modelsOption,
  queries: queriesOption,
  retrievers: retrieversOption,
  'self-query': queryOptions['self-query'],
  hyde: queryOptions.hyde,
  rewrites: queryOptions.rewrites,
  ...rerankOptions,
  reader: {
    choices: ['extractive', 'chat'] as const,
    defaultDescription: 'chat where a model is named, else extractive',
    describe: 'what answers: the sentences that fit best, letter by letter, without a model; or a chat model',
  },
  llm: { type: 'string', describe: "endpoint of OpenAI's shape; OPENAI_BASE_URL unless given; its key is OPENAI_API_KEY" },
  'llm-model': { type: 'string', describe: 'what the endpoint calls its model; CEM_CHAT_MODEL unless given' },
  'local-model': { type: 'string', describe: 'a GGUF file, for a model in this process (needs the package node-llama-cpp)' },
  form: { choices: ['json', 'text'] as const, describe: 'how a model is asked to write; small ones do text better (json)' },
  'context-tokens': { type: 'number', describe: 'tokens of prompt and answer together (a local model’s own, else 32000)' },
  'answer-tokens': { type: 'number', describe: 'tokens of an answer, at most (1024)' },
  sentences: { type: 'number', describe: 'extractive: sentences of an answer, at most (3)' },
  minimum: {
    type: 'number',
    describe: "extractive: share of the question's words, 0 to 1, that must be found, or the documents do not say",
  },
  threshold: {
    type: 'number',
    describe:
      'score below which a unit is not read, as the search or the reranker gives it; with none above it the documents do not say',
  },
  'noise-filter': { type: 'boolean', default: false, describe: 'the model first leaves out units that do not help' },
  'global-info': { type: 'boolean', default: false, describe: 'the model describes whole documents, for prompt and order' },
  reorder: { type: 'boolean', default: false, describe: 'the best units stand at both ends of the prompt' },
  'topic-filter': { type: 'boolean', default: false, describe: 'paragraphs with other topics than the question are left out' },
  agent: { type: 'boolean', default: false, describe: 'the model searches again for what an answer lacks, three rounds at most' },
} as const;

/** What answers, as options say it. */
export function readerChoice(options: AnswerOptions & OnBackend): ReaderChoice {
  const { rerankDepth, presetChat, ...choice } = options;
  return { ...choice, ...(namesChat(options) && wanted(presetChat)), depth: rerankDepth };
}

/** Whether a chat model is named. */
export function namesChat({
  llm,
  llmModel,
  localModel,
  reader,
}: Pick<AnswerOptions, 'llm' | 'llmModel' | 'localModel' | 'reader'>): boolean {
  return reader !== 'extractive' && [llm, llmModel, localModel, reader].some((one) => one !== undefined);
}

/** What a preset wants of a chat model: it adds to what options ask for, and takes nothing away. */
export function wanted(chat: PresetChat | undefined): PresetChat {
  return Object.fromEntries(Object.entries(chat ?? {}).filter(([, value]) => value === true));
}

/** What is done with a question before it is ranked by; the model that answers writes it. */
export function answerSteps({ selfQuery, hyde, rewrites, llm, llmModel, localModel }: AnswerOptions): QuerySteps {
  if (!hyde && rewrites === undefined) return { selfQuery };
  if (localModel !== undefined)
    throw new UsageError(
      'ANSWER_OPTIONS',
      '--hyde and --rewrites are written by an endpoint: name it with --llm, not --local-model',
    );
  return {
    selfQuery,
    ...(hyde && { expansion: 'passage' as const }),
    rewrites,
    chat: new OpenAiChatModel({ baseUrl: llm, model: llmModel }),
  };
}
