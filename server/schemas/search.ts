import { z } from 'zod';
import { MAXIMUM_QUERY_LENGTH, MAXIMUM_RESULTS, type SearchResult } from '../../rag/index.ts';
import { filterSchema } from '../../search/index.ts';

const DEFAULT_RESULTS = 10;

/** Body of `POST /v1/search`. */
export const searchRequest = z.strictObject({
  query: z
    .string()
    .max(MAXIMUM_QUERY_LENGTH)
    .refine((query) => query.trim() !== '', 'must not be empty')
    .describe('The question, as text; not only white space.'),
  k: z.int().min(1).max(MAXIMUM_RESULTS).default(DEFAULT_RESULTS).describe('Results wanted.'),
  filter: filterSchema
    .optional()
    .describe("Which chunks may be found, see below; without labels of access, which are not the asker's to say."),
});

/** A result as `POST /v1/search` and `cem search --json` have it. */
export interface WireResult {
  readonly id: string;
  readonly score: number;
  readonly chunk: number;
  readonly text: string;
  /** Title, source, pages, headings, span, and what else the corpus says of the chunk; absent where it says nothing. */
  readonly metadata?: object;
}

/** Answer of `POST /v1/search`, and what `cem search --json` prints. */
export interface SearchAnswer {
  readonly results: readonly WireResult[];
  readonly took_ms: number;
  /** Why there are no results, where there are none. */
  readonly note?: string;
}

export function wireResult({ document, score, chunk, text, metadata }: SearchResult): WireResult {
  if (metadata === undefined) return { id: document, score, chunk, text };
  // Who may see a document is nothing that those who see it need to know.
  const { labels: _, ...shown } = metadata as { readonly labels?: unknown };
  return { id: document, score, chunk, text, ...(Object.keys(shown).length > 0 && { metadata: shown }) };
}

/**
 * @param milliseconds that the search took
 * @param note why nothing was found, where nothing was
 */
export function searchAnswer(results: readonly SearchResult[], milliseconds: number, note: string): SearchAnswer {
  return {
    results: results.map(wireResult),
    took_ms: Math.round(milliseconds * 10) / 10,
    ...(results.length === 0 && { note }),
  };
}

/** What is wrong with a body, in one line: the first thing found. */
export function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'the body is not a search request';
  const path = issue.path.join('.');
  return `${path === '' ? 'the body' : path}: ${issue.message.replace(/\s+/g, ' ')}`;
}
