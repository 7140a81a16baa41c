import type { Hit, Retriever, SearchOptions } from '../../search/index.ts';
import type { ChatModel } from '../chat/index.ts';
import { askEach } from './ask-each.ts';
import { type ExpansionKind, expansionMessages } from './prompts.ts';

/** Tokens of an expansion, at most. */
const MAX_TOKENS = 320;

export interface ExpandingOptions {
  /** A passage (HyDE) unless given. */
  readonly kind?: ExpansionKind | undefined;
  readonly maxTokens?: number | undefined;
  /** Takes a line for each query that could not be expanded and was searched as it is. */
  readonly note: (line: string) => void;
  /** The inner retriever's unless given, so that weights of a fusion stay those of the retriever. */
  readonly name?: string | undefined;
}

/**
 * Searches for queries together with what a chat model writes for them: `query`, a line feed, and a hypothetical passage or further terms. It goes around the retriever over
 * vectors alone: words that nobody asked for would mislead BM25, and a reranker reads the query as it was asked.
 */
export class ExpandingRetriever implements Retriever {
  readonly name: string;
  readonly #inner: Retriever;
  readonly #chat: ChatModel;
  readonly #options: ExpandingOptions;

  constructor(inner: Retriever, chat: ChatModel, options: ExpandingOptions) {
    this.name = options.name ?? inner.name;
    this.#inner = inner;
    this.#chat = chat;
    this.#options = options;
  }

  async search(queries: readonly string[], options: SearchOptions): Promise<Hit[][]> {
    const { kind = 'passage', maxTokens = MAX_TOKENS, note } = this.#options;
    const { signal } = options;
    const ask = (query: string) => this.#chat.complete(expansionMessages(query, kind), { maxTokens, signal });
    const expansions = await askEach(queries, ask, { signal, note, what: 'the expansion' });
    const expanded = queries.map((query, place) => {
      const expansion = expansions[place];
      return expansion === undefined ? query : `${query}\n${expansion}`;
    });
    const found = await this.#inner.search(expanded, options);
    if (this.name === this.#inner.name) return found;
    return found.map((hits) => hits.map((hit) => ({ ...hit, retriever: this.name })));
  }
}
