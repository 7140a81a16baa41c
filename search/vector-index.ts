import { z } from 'zod';
import { CemError } from '../base/index.ts';

/**
 * What a store searches by beside the plain scan. `none`: the scan, exact. `hnsw`: pgvector's graph (Malkov and Yashunin 2016, arXiv 1603.09320), approximate:
 * `m` neighbours a node and `efConstruction` candidates while it is built (pgvector's defaults and limits), `efSearch` candidates in a search.
 */
export const vectorIndexConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z
    .strictObject({
      kind: z.literal('hnsw'),
      m: z.int().min(2).max(100).default(16),
      efConstruction: z.int().min(4).max(1000).default(64),
      /** pgvector's own is 40; at 100 a search of tens of thousands of vectors still takes milliseconds. */
      efSearch: z.int().min(1).max(1000).default(100),
    })
    .refine(({ m, efConstruction }) => efConstruction >= 2 * m, {
      message: 'must be at least 2 m',
      path: ['efConstruction'],
    }),
]);

/** As a caller gives it: what is left out has its default. */
export type VectorIndexInput = z.input<typeof vectorIndexConfig>;
export type VectorIndex = z.infer<typeof vectorIndexConfig>;
export type HnswIndex = Extract<VectorIndex, { kind: 'hnsw' }>;

/** @throws CemError `VECTOR_INDEX` naming what is out of bounds */
export function parseVectorIndex(input: unknown): VectorIndex {
  const parsed = vectorIndexConfig.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new CemError(
    'VECTOR_INDEX',
    `this is no vector index: ${issue.path.join('.') || 'it'}: ${issue.message}; leave it out, or mend it`,
    {
      details: { input },
      cause: parsed.error,
    },
  );
}
