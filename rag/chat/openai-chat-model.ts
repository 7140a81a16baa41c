import { z } from 'zod';
import { CemError, checkedUrl, postJson, UsageError } from '../../base/index.ts';
import type { ChatMessage, ChatModel, ChatOptions } from './chat-model.ts';

/** Where address, key and name of the model are taken from, as OpenAI's own libraries take the first two. */
const BASE_VARIABLE = 'OPENAI_BASE_URL';
const KEY_VARIABLE = 'OPENAI_API_KEY';
const MODEL_VARIABLE = 'CEM_CHAT_MODEL';
const DEFAULT_BASE = 'https://api.openai.com/v1';

export interface OpenAiChatOptions {
  /** Address that `/chat/completions` follows; the environment's OPENAI_BASE_URL unless given, else OpenAI's. */
  readonly baseUrl?: string | undefined;
  /** What the endpoint calls its model; the environment's CEM_CHAT_MODEL unless given. */
  readonly model?: string | undefined;
  /** The environment's OPENAI_API_KEY unless given; local servers need none. */
  readonly key?: string | undefined;
  /** Milliseconds before an answer must have come. */
  readonly timeout?: number | undefined;
  /** Attempts after the first. */
  readonly retries?: number | undefined;
  /** Milliseconds before the second attempt; each further one waits twice as long. */
  readonly backoff?: number | undefined;
}

const answerSchema = z.looseObject({
  choices: z
    .array(z.looseObject({ message: z.looseObject({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .min(1),
});

/** A chat model behind an endpoint of OpenAI's shape, which vLLM, llama.cpp, Ollama and others serve as well. */
export class OpenAiChatModel implements ChatModel {
  readonly name: string;
  readonly #url: string;
  readonly #model: string;
  readonly #options: OpenAiChatOptions;

  /** @throws UsageError `CHAT_MODEL` without the name of a model, or for what is no address */
  constructor(options: OpenAiChatOptions = {}) {
    const model = options.model ?? process.env[MODEL_VARIABLE];
    if (!model) {
      throw new UsageError(
        'CHAT_MODEL',
        `a chat model needs a name: give it, or set ${MODEL_VARIABLE} to what the endpoint calls it`,
      );
    }
    const base = checkedUrl(options.baseUrl ?? (process.env[BASE_VARIABLE] || DEFAULT_BASE), 'CHAT_MODEL');
    this.#url = `${base.href.replace(/\/+$/, '')}/chat/completions`;
    this.#model = model;
    this.#options = options;
    this.name = `${base.host}#${model}`;
  }

  async complete(
    messages: readonly ChatMessage[],
    { temperature = 0, maxTokens, json, signal }: ChatOptions = {},
  ): Promise<string> {
    const { key = process.env[KEY_VARIABLE], timeout, retries, backoff } = this.#options;
    const answer = await postJson({
      url: this.#url,
      body: {
        model: this.#model,
        messages,
        temperature,
        ...(maxTokens !== undefined && { max_tokens: maxTokens }),
        ...(json && { response_format: { type: 'json_object' } }),
      },
      key,
      what: 'the chat model',
      code: 'CHAT_MODEL',
      keyVariable: KEY_VARIABLE,
      timeout,
      retries,
      backoff,
      signal,
    });
    const parsed = answerSchema.safeParse(answer);
    const [choice] = parsed.data?.choices ?? [];
    const content = choice?.message.content?.trim() ?? '';
    if (content !== '') return content;
    const reason =
      choice === undefined ? 'its answer has no choices' : `its answer is empty (${choice.finish_reason ?? 'no reason given'})`;
    throw new CemError('CHAT_MODEL', `the chat model ${this.name} said nothing: ${reason}`, { details: { model: this.name } });
  }
}
