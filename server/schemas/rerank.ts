import { z } from 'zod';
import { MAXIMUM_QUERY_LENGTH } from '../../rag/index.ts';

const MOST_TEXTS = 1000;

/** Body of `POST /v1/rerank`, as Cohere's and Jina's clients send it; keys of theirs that mean nothing here are passed over. */
export const rerankRequest = z.object({
  query: z.string().min(1).max(MAXIMUM_QUERY_LENGTH),
  documents: z
    .array(z.union([z.string(), z.object({ text: z.string() })]))
    .min(1)
    .max(MOST_TEXTS)
    .describe('Texts to be ordered.'),
  top_n: z.int().min(1).optional().describe('How many stay; all unless given.'),
  return_documents: z.boolean().default(false).describe('Whether each result has its text too.'),
  model: z.string().optional().describe('There is one reranker: what is said here is not looked at.'),
});

export const rerankAnswer = z.object({
  model: z.string(),
  results: z.array(
    z.object({
      index: z.int().describe('Place among the documents, from 0.'),
      relevance_score: z.number().describe('As the reranker gives it: higher is better.'),
      document: z.object({ text: z.string() }).optional(),
    }),
  ),
});
