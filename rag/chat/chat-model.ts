/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** A schema of JSON that an answer is to have. */
export interface AnswerSchema {
  /** Letters, digits, `_` and `-`. */
  readonly name: string;
  /** JSON Schema of an object, every property required, none added: what structured output takes everywhere. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** Tokens of one call, as the model counts them. */
export interface ChatUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface ChatOptions {
  /** 0, the likeliest answer, unless given. */
  readonly temperature?: number | undefined;
  /** Tokens of the answer, at most. */
  readonly maxTokens?: number | undefined;
  /** The answer is to be one JSON object; the messages have to say so too. */
  readonly json?: boolean | undefined;
  /** With `json`: its schema, where the model can be held to one. */
  readonly schema?: AnswerSchema | undefined;
  /** Called once with what the call took, where the model says it. */
  readonly onUsage?: ((usage: ChatUsage) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What fits into a model, in its own tokens. */
export interface ChatTokens {
  /** Tokens of prompt and answer together. */
  readonly context: number;
  count(text: string): number;
}

/** A language model that answers conversations: what writes queries anew, and what answers are written by. */
export interface ChatModel {
  /** Stable name, which caches tell models apart by. */
  readonly name: string;
  /** Its tokenizer, where it is at hand. */
  readonly tokens?: ChatTokens | undefined;
  /**
   * The model's answer, which is never empty.
   *
   * @throws CemError `CHAT_MODEL` when there is none; the signal's reason
   */
  complete(messages: readonly ChatMessage[], options?: ChatOptions): Promise<string>;
  /** The same answer piece by piece, as it is written; absent where a model gives it whole only. White space at its ends stays. */
  stream?(messages: readonly ChatMessage[], options?: ChatOptions): AsyncIterable<string>;
}

/** A model's answer piece by piece, or in one piece from a model that knows no other way. */
export async function* streamChat(
  model: ChatModel,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): AsyncGenerator<string> {
  if (model.stream === undefined) yield await model.complete(messages, options);
  else yield* model.stream(messages, options);
}
