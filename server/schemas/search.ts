import { z } from 'zod';
import type { ByteSpan } from '../../base/index.ts';
import { figureOfMetadata, type Metadata } from '../../data/index.ts';
import { MAXIMUM_QUERY_LENGTH, MAXIMUM_RESULTS, RETRIEVER_CHOICES, type ResultUnit, type SearchResult } from '../../rag/index.ts';
import type { PictureResult } from '../../rag/pictures/index.ts';
import { type FusedPart, filterSchema, scoringSchema } from '../../search/index.ts';
import { PICTURE_STRATEGIES, type PictureLayer, type PictureStrategy } from '../../search/pictures/index.ts';
import { FIELD_CANDIDATES, type FieldMatch } from '../../search/rerank/index.ts';
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
  query: searchRequest.shape.query.optional(),
  image: z
    .string()
    .min(1)
    .optional()
    .describe(
      "A picture (PNG, JPEG, WebP, GIF, SVG), in base64 or as a `data:` address: figures are searched for, by it, and by the query's words where there are any.",
    ),
  pictures: z
    .boolean()
    .default(false)
    .describe('Whether figures are searched for by the words of the query, in the layers of their pictures.'),
  strategy: z
    .enum(PICTURE_STRATEGIES)
    .optional()
    .describe(
      'Of a search for figures: by one vector of picture and description, or by one of each; as the collection was encoded unless given.',
    ),
  layers: z
    .array(z.enum(['semantic', 'visual', 'keyword', 'expansion', 'hybrid']))
    .min(1)
    .optional()
    .describe('Of a search for figures: its layers; all that the query allows unless given.'),
  thresholds: z
    .partialRecord(z.enum(['semantic', 'visual', 'keyword', 'expansion', 'hybrid']), z.number())
    .optional()
    .describe('Of a search for figures: the least score of a layer.'),
  texts: z
    .boolean()
    .default(false)
    .describe('Of a search for figures: whether texts that are found for the words are fused in, by rank.'),
  retrievers: z.enum(RETRIEVER_CHOICES).optional().describe('What ranks; as the collection was set up unless given.'),
  rerank: z.boolean().default(false).describe('Whether results are read again, and ordered anew, by the reranker of the server.'),
  field: z
    .boolean()
    .default(false)
    .describe('Whether what was found is ranked anew by vector groups, in a collection that was made with them.'),
  field_candidates: z.int().min(1).max(10_000).default(FIELD_CANDIDATES).describe('With field: how many are ranked anew.'),
  explain: z.boolean().default(false).describe("With field: whether results say what each of the query's vectors found in them."),
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
  /** Of a search for pictures: how they are searched, and the layer that ranks this one best. */
  readonly strategy?: PictureStrategy;
  readonly layer?: PictureLayer;
  /** Where it is a figure: which. */
  readonly figure?: WireFigure;
  /** With `field`: the score before the results were ranked anew. */
  readonly coarse_score?: number;
  /** With `explain`: what each of the query's vectors found. */
  readonly matches?: readonly FieldMatch[];
  /** Title, source, pages, headings, span, and what else the corpus says of the passage; absent where it says nothing. */
  readonly metadata?: object;
}

/** A figure as results and citations have it. */
export interface WireFigure {
  readonly id: string;
  readonly page?: number;
  readonly caption?: string;
  readonly alt?: string;
  readonly media_type?: string;
  readonly width?: number;
  readonly height?: number;
  /** Whether its picture can be asked for. */
  readonly stored: boolean;
}

/** Undefined for what is no figure. */
export function wireFigure(metadata: object | undefined): WireFigure | undefined {
  const figure = figureOfMetadata(metadata as Metadata | undefined);
  if (figure === undefined) return undefined;
  const { id, page, caption, alt, mediaType, width, height, stored } = figure;
  return {
    id,
    ...(page !== undefined && { page }),
    ...(caption !== undefined && { caption }),
    ...(alt !== undefined && { alt }),
    ...(mediaType && { media_type: mediaType }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    stored,
  };
}

export const figureSchema = z
  .object({
    id: z.string().describe('SHA-256 of its picture.'),
    page: z.int().optional(),
    caption: z.string().optional(),
    alt: z.string().optional().describe('The text that its document has for who cannot see it.'),
    media_type: z.string().optional(),
    width: z.int().optional().describe('Pixels.'),
    height: z.int().optional().describe('Pixels.'),
    stored: z.boolean().describe('Whether its picture can be asked for.'),
  })
  .meta({ id: 'Figure' });

/** Answer of `POST /v1/search`, and what `cem search --json` prints. */
export interface SearchAnswer {
  readonly results: readonly WireResult[];
  readonly took_ms: number;
  /** Why there are no results, where there are none. */
  readonly note?: string;
}

export function wireResult(found: SearchResult & Pick<PictureResult, 'strategy' | 'layer'>): WireResult {
  const { document, score, chunk, passage, span, text, unit, parts, coarseScore, matches, metadata, strategy, layer } = found;
  const result = {
    id: document,
    score,
    chunk,
    passage,
    ...(span && { span }),
    text,
    ...(unit && { unit }),
    ...(parts && { parts }),
    ...(strategy && { strategy }),
    ...(layer && { layer }),
    ...(coarseScore !== undefined && { coarse_score: coarseScore }),
    ...(matches && { matches }),
  };
  if (metadata === undefined) return result;
  const figure = wireFigure(metadata);
  // Who may see a document is nothing that those who see it need to know.
  const { labels: _, ...shown } = metadata as { readonly labels?: unknown };
  return { ...result, ...(figure && { figure }), ...(Object.keys(shown).length > 0 && { metadata: shown }) };
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
    strategy: z.enum(PICTURE_STRATEGIES).optional().describe('Of a search for pictures: how they are searched.'),
    layer: z.string().optional().describe('Of a search for pictures: the layer that ranks it best.'),
    figure: figureSchema.optional().describe('Where it is a figure: which.'),
    coarse_score: z.number().optional().describe('With field: the score before results were ranked anew.'),
    matches: z
      .array(
        z.object({
          query: z.string().optional().describe("The word of the query's vector."),
          passage: z.string().optional().describe("The word of the passage's vector that matches it best."),
          match: z.int().describe("Place of that vector in the passage's group, from 0."),
          score: z.number(),
          used: z.boolean().describe('Whether it counts in the score.'),
        }),
      )
      .optional()
      .describe("With explain: what each of the query's vectors found."),
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
  const { id, metadata, parts, span, unit, matches, figure, strategy, layer, ...rest } = wireResult(result);
  return {
    id,
    document: documentOfUnit(id),
    retriever: result.retriever,
    ...rest,
    ...(span && { span }),
    ...(unit && { unit: { text: unit.text, passage: unit.passage } }),
    ...(parts && { parts: parts.map(({ retriever, rank, score }) => ({ retriever, rank, score })) }),
    ...(strategy && { strategy }),
    ...(layer && { layer }),
    ...(figure && { figure: { ...figure } }),
    ...(matches && { matches: matches.map((match) => ({ ...match })) }),
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
