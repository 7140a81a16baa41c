import type { OpenAI } from 'openai';
import { z } from 'zod';
import { CemError, checkedUrl, postJson, UsageError } from '../../base/index.ts';
import { chatFailure, isRefusal, saidNothing } from './chat-failure.ts';
import type { ChatMessage, ChatModel, ChatOptions } from './chat-model.ts';

/** Where address, key and name of the model are taken from, as OpenAI's own libraries take the first two. */
const BASE_VARIABLE = 'OPENAI_BASE_URL';
const KEY_VARIABLE = 'OPENAI_API_KEY';
const MODEL_VARIABLE = 'CEM_CHAT_MODEL';
const DEFAULT_BASE = 'https://api.openai.com/v1';
/** Of a stream, before its first piece: milliseconds, and attempts after the first. */
const TIMEOUT = 60_000;
const RETRIES = 3;

export interface OpenAiChatOptions {
  /** Address that `/chat/completions` follows; the environment's OPENAI_BASE_URL unless given, else OpenAI's. */
  readonly baseUrl?: string | undefined;
  /** What the endpoint calls its model; the environment's CEM_CHAT_MODEL unless given. */
  readonly model?: string | undefined;
  /** The environment's OPENAI_API_KEY unless given; local servers need none. */
  readonly key?: string | undefined;
  /** Milliseconds before an answer must have come; of a stream its beginning. */
  readonly timeout?: number | undefined;
  /** Attempts after the first. */
  readonly retries?: number | undefined;
  /** Milliseconds before the second attempt; each further one waits twice as long. A stream is begun again after waits of the `openai` package. */
  readonly backoff?: number | undefined;
}

const answerSchema = z.looseObject({
  choices: z
    .array(z.looseObject({ message: z.looseObject({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .min(1),
  usage: z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish().catch(undefined),
});

/** What an endpoint may be asked for beside text, the most first; those that know less refuse a request with it. */
type Form = 'json_schema' | 'json_object' | 'text';

/** A chat model behind an endpoint of OpenAI's shape, which vLLM, llama.cpp, Ollama and others serve as well. Streams go through the `openai` package, which is loaded with the first of them. */
export class OpenAiChatModel implements ChatModel {
  readonly name: string;
  readonly #base: string;
  readonly #model: string;
  readonly #options: OpenAiChatOptions;
  /** Forms that the endpoint has refused. */
  readonly #refused = new Set<Form>();

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
    this.#base = base.href.replace(/\/+$/, '');
    this.#model = model;
    this.#options = options;
    this.name = `${base.host}#${model}`;
  }

  get #key(): string | undefined {
    return this.#options.key ?? process.env[KEY_VARIABLE];
  }

  async complete(messages: readonly ChatMessage[], options: ChatOptions = {}): Promise<string> {
    const { timeout, retries, backoff } = this.#options;
    const answer = await this.#inForm(options, (form) =>
      postJson({
        url: `${this.#base}/chat/completions`,
        body: this.#body(messages, options, form),
        key: this.#key,
        what: 'the chat model',
        code: 'CHAT_MODEL',
        keyVariable: KEY_VARIABLE,
        timeout,
        retries,
        backoff,
        signal: options.signal,
      }),
    );
    const parsed = answerSchema.safeParse(answer);
    const { choices: [choice] = [], usage } = parsed.data ?? {};
    if (usage) options.onUsage?.({ promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens });
    const content = choice?.message.content?.trim() ?? '';
    if (content !== '') return content;
    throw saidNothing(
      this.name,
      choice === undefined ? 'its answer has no choices' : `its answer is empty (${choice.finish_reason ?? 'no reason given'})`,
    );
  }

  async *stream(messages: readonly ChatMessage[], options: ChatOptions = {}): AsyncGenerator<string> {
    const { signal, onUsage } = options;
    signal?.throwIfAborted();
    const client = await this.#client();
    let written = false;
    try {
      const chunks = await this.#inForm(options, async (form) => {
        const body = this.#body(messages, options, form);
        // An endpoint that refuses forms may know nothing of this either.
        const stream_options = form === 'text' && this.#refused.size > 0 ? undefined : { include_usage: true };
        const asked = { ...body, stream: true as const, ...(stream_options && { stream_options }) };
        return client.chat.completions
          .create(asked, signal && { signal })
          .catch((error: unknown) => Promise.reject(this.#failure(error)));
      });
      for await (const { choices, usage } of chunks) {
        const content = choices?.[0]?.delta?.content;
        if (content) {
          written ||= content.trim() !== '';
          yield content;
        }
        if (usage) onUsage?.({ promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens });
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof CemError ? error : this.#failure(error);
    }
    // The package ends an aborted stream as if it were finished.
    signal?.throwIfAborted();
    if (!written) throw saidNothing(this.name, 'its stream is empty');
  }

  /** Asks for the most that the endpoint takes: what it refuses once is not asked for again. */
  async #inForm<Answer>({ json, schema }: ChatOptions, ask: (form: Form) => Promise<Answer>): Promise<Answer> {
    const wanted: Form[] = json ? [...(schema ? (['json_schema'] as const) : []), 'json_object', 'text'] : ['text'];
    const forms = wanted.filter((form) => form === 'text' || !this.#refused.has(form));
    for (const form of forms) {
      try {
        return await ask(form);
      } catch (error) {
        if (form === 'text' || !isRefusal(error)) throw error;
        this.#refused.add(form);
      }
    }
    throw saidNothing(this.name, 'it takes no form of request');
  }

  #body(messages: readonly ChatMessage[], { temperature = 0, maxTokens, schema }: ChatOptions, form: Form) {
    return {
      model: this.#model,
      messages: [...messages],
      temperature,
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
      ...(form === 'json_object' && { response_format: { type: 'json_object' as const } }),
      ...(form === 'json_schema' &&
        schema && {
          response_format: {
            type: 'json_schema' as const,
            json_schema: { name: schema.name, schema: { ...schema.schema }, strict: true },
          },
        }),
    };
  }

  async #client(): Promise<OpenAI> {
    const { OpenAI: Client } = await import('openai');
    const { timeout = TIMEOUT, retries = RETRIES } = this.#options;
    const key = this.#key;
    return new Client({
      // It wants some key, and sends none where the header is taken out.
      apiKey: key || 'none',
      ...(key ? {} : { defaultHeaders: { authorization: null } }),
      adminAPIKey: null,
      organization: null,
      project: null,
      baseURL: this.#base,
      timeout,
      maxRetries: retries,
      logLevel: 'off',
      // So that a key goes nowhere else.
      fetchOptions: { redirect: 'manual' },
    });
  }

  #failure(error: unknown): CemError {
    return chatFailure(error, `${this.#base}/chat/completions`, KEY_VARIABLE);
  }
}
