/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatOptions {
  /** 0, the likeliest answer, unless given. */
  readonly temperature?: number | undefined;
  /** Tokens of the answer, at most. */
  readonly maxTokens?: number | undefined;
  /** The answer is to be one JSON object; the messages have to say so too. */
  readonly json?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A language model that answers conversations: what writes queries anew, and what answers are written by. */
export interface ChatModel {
  /** Stable name, which caches tell models apart by. */
  readonly name: string;
  /**
   * The model's answer, which is never empty.
   *
   * @throws CemError `CHAT_MODEL` when there is none; the signal's reason
   */
  complete(messages: readonly ChatMessage[], options?: ChatOptions): Promise<string>;
}
