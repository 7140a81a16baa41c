import { z } from 'zod';
import type { ByteSpan } from '../../base/index.ts';
import { MAXIMUM_QUERY_LENGTH, MAXIMUM_RESULTS, type ResultUnit, type SearchResult } from '../../rag/index.ts';
import { type FusedPart, filterSchema, scoringSchema } from '../../search/index.ts';

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
    .describe("Which passages may be found, see below; without labels of access, which are not the asker's to say."),
  scoring: scoringSchema
    .default({ kind: 'max' })
    .describe(
      'How a document\'s score comes from those of its passages: `{"kind": "max"}` is its best one, `{"kind": "mean", "best": 3}` the mean of its best three, or of all where it has fewer.',
    ),
  units: z.boolean().default(false).describe('Whether each result has its whole chunk too, as `unit`.'),
});

/** A result as `POST /v1/search` and `cem search --json` have it. */
export interface WireResult {
  readonly id: string;
  readonly score: number;
  readonly chunk: number;
  readonly passage: number;
  /** Bytes of the source's text that the passage is; absent where they are not known. */
  readonly span?: ByteSpan;
  /** The passage's own. */
  readonly text: string;
  /** The whole chunk, and the passage's bytes in it, where units were asked for. */
  readonly unit?: ResultUnit;
  /** What each of several retrievers said of the document, where they were fused: its rank from 1, and its score there. */
  readonly parts?: readonly FusedPart[];
  /** Title, source, pages, headings, span, and what else the corpus says of the passage; absent where it says nothing. */
  readonly metadata?: object;
}

/** Answer of `POST /v1/search`, and what `cem search --json` prints. */
export interface SearchAnswer {
  readonly results: readonly WireResult[];
  readonly took_ms: number;
  /** Why there are no results, where there are none. */
  readonly note?: string;
}

export function wireResult({ document, score, chunk, passage, span, text, unit, parts, metadata }: SearchResult): WireResult {
  const result = {
    id: document,
    score,
    chunk,
    passage,
    ...(span && { span }),
    text,
    ...(unit && { unit }),
    ...(parts && { parts }),
  };
  if (metadata === undefined) return result;
  // Who may see a document is nothing that those who see it need to know.
  const { labels: _, ...shown } = metadata as { readonly labels?: unknown };
  return { ...result, ...(Object.keys(shown).length > 0 && { metadata: shown }) };
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
