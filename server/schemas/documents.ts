import { z } from 'zod';
import type { ChangeResult, DocumentSummary, DocumentToPut, LiveDocument, LiveUnit } from '../collection-service.ts';
import { figureSchema, wireFigure } from './search.ts';
import { collectionName, fields, id, labels, pagesSchema, queryNumber, source, title } from './values.ts';

const MOST_LISTED = 1000;
const DEFAULT_LISTED = 100;
/** Documents of one request. */
export const MOST_DOCUMENTS = 1000;

export const documentParams = z.object({ name: collectionName, id });

export const documentsQuery = z.strictObject({
  after: id.optional().describe('The `next` of the answer before.'),
  limit: queryNumber(1, MOST_LISTED).default(DEFAULT_LISTED).describe('How many.'),
  source: z.string().max(1024).optional().describe('What sources begin with.'),
});

const putDocument = z
  .strictObject({
    source,
    text: z
      .string()
      .optional()
      .meta({ description: 'The content, as text.', examples: ['# Start\n\nThe lantern is lit before sunset.'] }),
    content_base64: z.base64().optional().describe('The content, as bytes in base64; one of the two.'),
    format: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/)
      .optional()
      .describe("What parses it: markdown, html, pdf, …; by the source's ending unless given."),
    labels: labels.optional(),
    title: title.optional(),
    fields: fields.optional(),
  })
  .refine((document) => (document.text === undefined) !== (document.content_base64 === undefined), {
    message: 'needs either text or content_base64',
  })
  .meta({ id: 'PutDocument' });

const wait = z
  .boolean()
  .default(false)
  .describe('Answer when the documents are found by searches; without it at once, with a job that is under way.');

/** JSON body of `POST /v1/collections/{name}/documents`. */
export const putDocumentsRequest = z.strictObject({
  documents: z.array(putDocument).min(1).max(MOST_DOCUMENTS),
  wait,
});

/** Fields of the multipart body of the same, beside its files. */
export const uploadFields = z.strictObject({
  labels: labels.optional(),
  fields: fields.optional(),
  format: z.string().optional(),
  wait: z.union([z.boolean(), z.stringbool()]).default(false),
});

/** What OpenAPI says of a multipart body. */
export const uploadBody = z.object({
  files: z.array(z.string().meta({ format: 'binary' })).describe('Files: the name of each is the source of its document.'),
  labels: z
    .string()
    .optional()
    .describe('Labels of access of all of them: a JSON list, or one label; the field may come several times.'),
  fields: z.string().optional().describe('Free fields of all of them: a JSON object.'),
  format: z.string().optional(),
  wait: z.string().optional().describe('true or false, as in JSON.'),
});

/** A document of a request, as collections take it. */
export function documentToPut(document: z.output<typeof putDocument>): DocumentToPut {
  const { source: name, text, content_base64: bytes, format, labels: given, title: called, fields: free } = document;
  return {
    source: name,
    content: text ?? Buffer.from(bytes ?? '', 'base64'),
    ...(format !== undefined && { format }),
    ...(given !== undefined && { labels: given }),
    ...(called !== undefined && { title: called }),
    ...(free !== undefined && { fields: free }),
  };
}

const problem = z.object({ code: z.string(), message: z.string() });

export const changeResultSchema = z
  .object({
    version: z.int().describe('Of the collection, after the change.'),
    at: z.string(),
    put: z.array(
      z.object({
        source: z.string(),
        documents: z.array(z.string()).describe('Ids of what the source became.'),
        units: z.int(),
        problem: problem.optional().describe('Why it could not be read, where it could not.'),
      }),
    ),
    removed: z.int().describe('Documents that are gone.'),
  })
  .meta({ id: 'ChangeResult' });

export const wireChangeResult = ({ version, at, put, removed }: ChangeResult): z.input<typeof changeResultSchema> => ({
  version,
  at,
  put: put.map(({ source: name, documents, units, problem: why }) => ({
    source: name,
    documents: [...documents],
    units,
    ...(why && { problem: { code: why.code, message: why.message } }),
  })),
  removed,
});

export const documentSchema = z
  .object({
    id: z.string(),
    source: z.string(),
    title: z.string().optional(),
    units: z.int().describe('How many the asker may see.'),
    labels: z.array(z.string()).optional().describe('Labels of access, told to keys of the scope admin.'),
  })
  .meta({ id: 'Document' });

export const documentsAnswer = z.object({
  documents: z.array(documentSchema),
  next: z.string().optional().describe('Given as `after` it continues the list; absent at its end.'),
});

export const unitSchema = z
  .object({
    id: z.string(),
    document: z.string(),
    source: z.string().optional(),
    title: z.string().optional(),
    headings: z.array(z.string()).optional(),
    pages: pagesSchema.optional(),
    text: z.string(),
    figure: figureSchema.optional().describe('Where it is a figure: which.'),
    metadata: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Unit' });

export const documentWithTexts = documentSchema
  .extend({ texts: z.array(unitSchema).describe('Its units, in their order.') })
  .meta({ id: 'DocumentWithTexts' });

/** @param withLabels whether its labels are told */
export function wireDocument(document: DocumentSummary, withLabels: boolean): z.input<typeof documentSchema> {
  const { id: name, source: from, title: called, units, labels: has } = document;
  return {
    id: name,
    source: from,
    ...(called !== undefined && { title: called }),
    units,
    ...(withLabels && has && { labels: [...has] }),
  };
}

export function wireUnit({
  id: name,
  document,
  source: from,
  title: called,
  headings,
  pages,
  text,
  metadata,
}: LiveUnit): z.input<typeof unitSchema> {
  const shown = withoutLabels(metadata);
  const figure = wireFigure(metadata);
  return {
    id: name,
    document,
    ...(from !== undefined && { source: from }),
    ...(called !== undefined && { title: called }),
    ...(headings && { headings: [...headings] }),
    ...(pages && { pages }),
    text,
    ...(figure && { figure }),
    ...(shown && { metadata: shown }),
  };
}

/** Metadata as it is shown: who may see a document is nothing that those who see it need to know. */
function withoutLabels(metadata: object | undefined): Record<string, unknown> | undefined {
  if (metadata === undefined) return undefined;
  const { labels: _, ...shown } = metadata as { readonly labels?: unknown };
  return Object.keys(shown).length > 0 ? shown : undefined;
}

export const wireDocumentWithTexts = (document: LiveDocument, withLabels: boolean): z.input<typeof documentWithTexts> => ({
  ...wireDocument(document, withLabels),
  texts: document.contents.map(wireUnit),
});
