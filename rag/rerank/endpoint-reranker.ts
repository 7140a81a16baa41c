import { z } from 'zod';
import { CemError, checkedUrl, postJson } from '../../base/index.ts';
import { ScoringReranker } from './reranker.ts';

/** Where the key of a reranking endpoint is taken from. */
export const RERANK_KEY_VARIABLE = 'CEM_RERANK_API_KEY';

/**
 * Shapes of a request and its answer. `documents`: Cohere's and Jina's, which vLLM serves too: `{ model, query, documents, top_n }` gives `{ results: [{ index, relevance_score }] }`. `texts`: that of
 * Hugging Face's text-embeddings-inference: `{ query, texts, raw_scores, truncate }` gives `[{ index, score }]`.
 */
export type EndpointShape = 'documents' | 'texts';

/** Texts of one request: text-embeddings-inference refuses more than 32 unless it is told otherwise. */
const BATCH: Readonly<Record<EndpointShape, number>> = { documents: 100, texts: 32 };

export interface EndpointRerankerOptions {
  /** The whole address: `https://api.jina.ai/v1/rerank`. */
  readonly url: string;
  /** What the endpoint calls its model; left out of the request where not given. */
  readonly model?: string | undefined;
  readonly shape?: EndpointShape | undefined;
  /** The environment's CEM_RERANK_API_KEY unless given. */
  readonly key?: string | undefined;
  /** Texts of one request, at most. */
  readonly batchSize?: number | undefined;
  /** Milliseconds before an answer must have come. */
  readonly timeout?: number | undefined;
  /** Attempts after the first. */
  readonly retries?: number | undefined;
  /** Milliseconds before the second attempt; each further one waits twice as long. */
  readonly backoff?: number | undefined;
}

const index = z.int().nonnegative();
const answers = {
  documents: z
    .looseObject({ results: z.array(z.looseObject({ index, relevance_score: z.number() })) })
    .transform(({ results }) => results.map((result) => ({ index: result.index, score: result.relevance_score }))),
  texts: z.array(z.looseObject({ index, score: z.number() })),
} as const;

/** A reranker behind an HTTP endpoint. */
export class EndpointReranker extends ScoringReranker {
  readonly name: string;
  readonly #options: EndpointRerankerOptions;
  readonly #url: string;
  readonly #shape: EndpointShape;

  /** @throws UsageError `RERANKER_CHOICE` for what is no address */
  constructor(options: EndpointRerankerOptions) {
    super();
    const url = checkedUrl(options.url, 'RERANKER_CHOICE');
    this.#options = options;
    this.#url = url.href;
    this.#shape = options.shape ?? 'documents';
    this.name = `endpoint:${url.host}${options.model === undefined ? '' : `#${options.model}`}`;
  }

  /** @throws CemError `RERANKER_ENDPOINT` when the endpoint fails or gives no score for a text; the signal's reason */
  async score(
    query: string,
    texts: readonly string[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<number[]> {
    const { batchSize = BATCH[this.#shape] } = this.#options;
    const scores: number[] = [];
    for (let start = 0; start < texts.length; start += batchSize)
      scores.push(...(await this.#ask(query, texts.slice(start, start + batchSize), signal)));
    return scores;
  }

  async dispose(): Promise<void> {}

  async #ask(query: string, texts: readonly string[], signal: AbortSignal | undefined): Promise<number[]> {
    const { model, key = process.env[RERANK_KEY_VARIABLE], timeout, retries, backoff } = this.#options;
    const body =
      this.#shape === 'documents'
        ? { ...(model !== undefined && { model }), query, documents: texts, top_n: texts.length, return_documents: false }
        : { query, texts, raw_scores: true, truncate: true };
    const json = await postJson({
      url: this.#url,
      body,
      key,
      what: 'the reranker',
      code: 'RERANKER_ENDPOINT',
      keyVariable: RERANK_KEY_VARIABLE,
      timeout,
      retries,
      backoff,
      signal,
    });
    const parsed = answers[this.#shape].safeParse(json);
    if (!parsed.success) throw this.#malformed(z.prettifyError(parsed.error).replaceAll('\n', ' '));
    const scores = new Array<number | undefined>(texts.length).fill(undefined);
    for (const { index: place, score } of parsed.data) {
      if (place >= texts.length || scores[place] !== undefined)
        throw this.#malformed(`it has a result ${place}, of ${texts.length} texts, that is none of them or stands there twice`);
      scores[place] = score;
    }
    return scores.map((score, place) => {
      if (score === undefined) throw this.#malformed(`it has no score of text ${place}`);
      return score;
    });
  }

  #malformed(reason: string): CemError {
    const expected =
      this.#shape === 'documents'
        ? '{ results: [{ index, relevance_score }] }'
        : '[{ index, score }], as text-embeddings-inference gives it';
    return new CemError('RERANKER_ENDPOINT', `the answer of ${this.name} is not ${expected}: ${reason}`, {
      details: { reranker: this.name },
    });
  }
}
