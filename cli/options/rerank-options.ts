import { RERANKER_GRAMMAR } from '../../rag/index.ts';

/** What reads the results of a search and orders them anew. */
export interface RerankOptions {
  readonly reranker: string | undefined;
  readonly rerankDepth?: number | undefined;
}

export const DEFAULT_RERANK_DEPTH = 50;

export const rerankOptions = {
  reranker: { type: 'string', describe: `what reads the results and orders them anew: ${RERANKER_GRAMMAR}` },
  'rerank-depth': {
    type: 'number',
    default: DEFAULT_RERANK_DEPTH,
    describe: 'with --reranker: how many results it reads, up to 100',
  },
} as const;
