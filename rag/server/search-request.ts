import { z } from 'zod';
import { MAXIMUM_QUERY_LENGTH, MAXIMUM_RESULTS } from '../retrieval/searcher.ts';

const DEFAULT_RESULTS = 10;

/** Body of `POST /v1/search`. */
export const searchRequest = z.strictObject({
  query: z
    .string()
    .max(MAXIMUM_QUERY_LENGTH)
    .refine((query) => query.trim() !== '', 'must not be empty'),
  k: z.int().min(1).max(MAXIMUM_RESULTS).default(DEFAULT_RESULTS),
});

/** What is wrong with a body, in one line: the first thing found. */
export function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'the body is not a search request';
  const path = issue.path.join('.');
  return `${path === '' ? 'the body' : path}: ${issue.message.replace(/\s+/g, ' ')}`;
}
