import { z } from 'zod';
import { MAXIMUM_QUERY_LENGTH, MAXIMUM_RESULTS, RETRIEVER_CHOICES } from '../../rag/index.ts';
import { filterSchema } from '../../search/index.ts';
import type { Answer, AnswerEvent, Citation } from '../collection-service.ts';
import { collectionResult, figureSchema, resultSchema, wireFigure } from './search.ts';
import { collectionName, pagesSchema, spanSchema } from './values.ts';

/** Turns of a conversation that are looked at, and characters of one. */
const MOST_TURNS = 64;
const LONGEST_TURN = 32_000;

const turn = z.strictObject({ role: z.enum(['user', 'assistant', 'system']), content: z.string().max(LONGEST_TURN) });

/** Body of `POST /v1/answers`. */
export const answerRequest = z.strictObject({
  collection: collectionName,
  question: z
    .string()
    .max(MAXIMUM_QUERY_LENGTH)
    .refine((question) => question.trim() !== '', 'must not be empty')
    .meta({ description: 'The question, as text.', examples: ['When is the lantern lit?'] }),
  history: z.array(turn).max(MOST_TURNS).optional().describe('What was said before, so that the question may be a follow-up.'),
  k: z.int().min(1).max(MAXIMUM_RESULTS).optional().describe('Units that are read.'),
  filter: filterSchema.optional().describe('Which passages may be found.'),
  language: z.enum(['en', 'zh']).optional().describe("Of the answer; the question's unless given."),
  retrievers: z.enum(RETRIEVER_CHOICES).optional().describe('What ranks; as the collection was set up unless given.'),
  rerank: z
    .boolean()
    .optional()
    .describe('Whether what was found is read again before it is answered from; where there is a reranker, unless given.'),
  stream: z.boolean().default(false).describe('Answer as server-sent events; so does `accept: text/event-stream`.'),
});

const citationSchema = z
  .object({
    number: z.int().describe('From 1, as [1] in the text.'),
    document: z.string().describe('Id of the unit.'),
    chunk: z.int(),
    passage: z.int(),
    text: z.string().describe("What is quoted, letter by letter from the unit's text."),
    span: spanSchema.describe("Where it stands in the unit's text, in bytes of UTF-8."),
    source: z.string().optional(),
    title: z.string().optional(),
    pages: pagesSchema.optional(),
    headings: z.array(z.string()).optional(),
    fields: z.record(z.string(), z.unknown()).optional(),
    figure: figureSchema.optional().describe('Where it is of a figure: which.'),
    cell: z
      .object({ row: z.string(), column: z.string() })
      .optional()
      .describe('Where it lies in a cell of a table: the first cell of its row, and the header of its column.'),
    relevance: z.number(),
  })
  .meta({ id: 'Citation' });

export const answerSchema = z
  .object({
    answer: z.string(),
    answered: z.boolean().describe('No where the documents do not say.'),
    citations: z.array(citationSchema),
    short_answer: z
      .object({ text: z.string(), citation: z.int(), span: spanSchema })
      .optional()
      .describe('The words of a citation that answer the question, where its form permits.'),
    confidence: z.number().describe('0 to 1.'),
    reasoning: z.string().optional(),
    dropped: z.int().describe('Citations that did not hold, and were left out.'),
    sources: z.array(resultSchema).describe('What was read.'),
    usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int() }).optional(),
    timings: z
      .object({ retrieve: z.number(), rerank: z.number().optional(), read: z.number(), total: z.number() })
      .describe('Milliseconds.'),
    model: z.string(),
    question: z.string().optional().describe('As it was rewritten with what was said before.'),
    iterations: z.int().optional(),
  })
  .meta({ id: 'Answer' });

/** What OpenAPI says of the stream. */
export const answerEvents = z
  .string()
  .describe(
    'Events `sources` {sources}, `delta` {text}, `citation` (a Citation), and at the end `done` (an Answer) or `error` (an Error).',
  );

type WireCitation = z.input<typeof citationSchema>;

/** A number of milliseconds as it is told. */
const told = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

export function wireCitation({ number, document, chunk, passage, text, span, relevance, ...known }: Citation): WireCitation {
  const { source, title, pages, headings, fields, cell } = known;
  const figure = wireFigure({ pages, fields });
  return {
    number,
    document,
    chunk,
    passage,
    text,
    span,
    ...(source !== undefined && { source }),
    ...(title !== undefined && { title }),
    ...(pages && { pages }),
    ...(headings && { headings: [...headings] }),
    ...(fields && { fields: { ...fields } }),
    ...(figure && { figure: { ...figure } }),
    ...(cell && { cell: { ...cell } }),
    relevance,
  };
}

export function wireAnswer(answer: Answer): z.input<typeof answerSchema> {
  const { shortAnswer, reasoning, usage, timings, question, iterations } = answer;
  return {
    answer: answer.answer,
    answered: answer.answered,
    citations: answer.citations.map(wireCitation),
    ...(shortAnswer && { short_answer: { ...shortAnswer } }),
    confidence: answer.confidence,
    ...(reasoning !== undefined && { reasoning }),
    dropped: answer.dropped,
    sources: answer.sources.map(collectionResult),
    ...(usage && { usage: { prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens } }),
    timings: {
      retrieve: told(timings.retrieve),
      ...(timings.rerank !== undefined && { rerank: told(timings.rerank) }),
      read: told(timings.read),
      total: told(timings.total),
    },
    model: answer.model,
    ...(question !== undefined && { question }),
    ...(iterations !== undefined && { iterations }),
  };
}

/** An event of an answer as it is sent. */
export function wireAnswerEvent(event: AnswerEvent): { readonly event: string; readonly data: unknown } {
  switch (event.type) {
    case 'sources':
      return { event: 'sources', data: { sources: event.sources.map(collectionResult) } };
    case 'delta':
      return { event: 'delta', data: { text: event.text } };
    case 'citation':
      return { event: 'citation', data: wireCitation(event.citation) };
    case 'done':
      return { event: 'done', data: wireAnswer(event.answer) };
  }
}
