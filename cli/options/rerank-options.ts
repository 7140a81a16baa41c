import { RERANKER_GRAMMAR } from '../../rag/index.ts';

/** What reads the results of a search and orders them anew. */
export interface RerankOptions {
  readonly reranker: string | undefined;
  readonly rerankDepth?: number | undefined;
  readonly rerankShare?: number | undefined;
}

export const DEFAULT_RERANK_DEPTH = 50;

export const rerankShareOption = {
  type: 'number',
  describe: 'with --reranker: how much it counts beside what ranked before it, 0 to 1 (1: it alone)',
} as const;

export const rerankOptions = {
  reranker: { type: 'string', describe: `what reads the results and orders them anew: ${RERANKER_GRAMMAR}` },
  'rerank-depth': {
    type: 'number',
    default: DEFAULT_RERANK_DEPTH,
    describe: 'with --reranker: how many results it reads, up to 100',
  },
  'rerank-share': rerankShareOption,
} as const;
