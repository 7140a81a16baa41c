import { z } from 'zod';
import type { ByteSpan } from '../../base/index.ts';
import { MAXIMUM_QUERY_LENGTH, MAXIMUM_RESULTS, RETRIEVER_CHOICES, type ResultUnit, type SearchResult } from '../../rag/index.ts';
import { type FusedPart, filterSchema, scoringSchema } from '../../search/index.ts';
import { collectionName, spanSchema } from './values.ts';

const DEFAULT_RESULTS = 10;

/** Body of `POST /v1/search`. */
export const searchRequest = z.strictObject({
  query: z
    .string()
    .max(MAXIMUM_QUERY_LENGTH)
    .refine((query) => query.trim() !== '', 'must not be empty')
    .meta({ description: 'The question, as text; not only white space.', examples: ['When is the lantern lit?'] }),
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

/** Body of `POST /v1/search` of a server of collections. */
export const collectionSearchRequest = searchRequest.extend({
  collection: collectionName,
  retrievers: z.enum(RETRIEVER_CHOICES).optional().describe('What ranks; as the collection was set up unless given.'),
  rerank: z.boolean().default(false).describe('Whether results are read again, and ordered anew, by the reranker of the server.'),
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

/** A result of a collection, as answers have it. */
export const resultSchema = z
  .object({
    id: z.string().describe('Of the unit.'),
    document: z.string().describe('Of the document that the unit is of.'),
    score: z.number(),
    retriever: z.string(),
    chunk: z.int(),
    passage: z.int().describe('Number in the chunk, from 0.'),
    span: spanSchema.optional().describe("Bytes of the source's text."),
    text: z.string().describe("The passage's own."),
    unit: z
      .object({ text: z.string(), passage: spanSchema })
      .optional()
      .describe('All of the unit, and where the passage lies in it.'),
    parts: z
      .array(z.object({ retriever: z.string(), rank: z.int(), score: z.number() }))
      .optional()
      .describe('What each of several retrievers said.'),
    metadata: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'SearchResult' });

export const collectionSearchAnswer = z.object({
  results: z.array(resultSchema),
  took_ms: z.number(),
  timings: z
    .object({ queue: z.number(), retrieve: z.number(), rerank: z.number().optional() })
    .describe('Milliseconds of waiting for a turn, finding (decompression included), and reading again.'),
  note: z.string().optional().describe('Why there are no results, where there are none.'),
});

/** Ids of units are those of their documents and a number: COLLECTION.md. */
const documentOfUnit = (unit: string): string => unit.replace(/-\d+$/, '');

export function collectionResult(result: SearchResult): z.input<typeof resultSchema> {
  const { id, metadata, parts, span, unit, ...rest } = wireResult(result);
  return {
    id,
    document: documentOfUnit(id),
    retriever: result.retriever,
    ...rest,
    ...(span && { span }),
    ...(unit && { unit: { text: unit.text, passage: unit.passage } }),
    ...(parts && { parts: parts.map(({ retriever, rank, score }) => ({ retriever, rank, score })) }),
    ...(metadata && { metadata: { ...metadata } }),
  };
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

/**
 * What is wrong with a request, in one line: the first thing found.
 *
 * @param what was read: "the body"
 */
export function describeIssue(error: z.ZodError, what = 'the body'): string {
  const issue = error.issues[0];
  if (issue === undefined) return `${what} is not what is read here`;
  const path = issue.path.join('.');
  return `${path === '' ? what : path}: ${issue.message.replace(/\s+/g, ' ')}`;
}
