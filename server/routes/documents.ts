import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { FIGURE_MEDIA_TYPES } from '../../data/index.ts';
import { labelsToSet, type Principal, seesLabels } from '../access/index.ts';
import type { CollectionService, DocumentsChange, DocumentToPut } from '../collection-service.ts';
import { HttpError } from '../errors.ts';
import { addRoute, type DeclaredLink, type RouteCall } from '../routing/index.ts';
import {
  changeResultSchema,
  collectionParams,
  documentParams,
  documentsAnswer,
  documentsQuery,
  documentToPut,
  documentWithTexts,
  putDocumentsRequest,
  startedJob,
  unitSchema,
  uploadBody,
  wireChangeResult,
  wireDocument,
  wireDocumentWithTexts,
  wireUnit,
} from '../schemas/index.ts';
import type { ServerServices } from '../services.ts';
import { wireJob } from './jobs.ts';
import { readUpload } from './read-upload.ts';

const TAG = 'documents';
/** Base64 takes four bytes for three; the rest is for what stands around it. */
const BASE64_SHARE = 4 / 3;
const AROUND_BYTES = 256 * 1024;

/** Requests about one document of the collection that was asked. @param id where its id stands */
const linksTo = (id: string): Readonly<Record<string, DeclaredLink>> => {
  const parameters = { name: '$request.path.name', id };
  return {
    document: { to: 'GET /v1/collections/{name}/documents/{id}', parameters },
    remove: { to: 'DELETE /v1/collections/{name}/documents/{id}', parameters },
  };
};

const missing = (what: string, id: string): HttpError =>
  new HttpError(404, `there is no ${what} ${JSON.stringify(id)}`, { code: `${what.toUpperCase()}_MISSING` });

/**
 * Documents: listed, read, put and removed.
 *
 * @param uploadBytes of the documents of one request
 */
export function addDocumentRoutes(server: FastifyInstance, services: ServerServices, uploadBytes: number): void {
  const { collections } = services;
  addRoute(server, {
    method: 'GET',
    path: '/v1/collections/{name}/documents',
    scope: 'read',
    tag: TAG,
    summary: 'The documents of a collection that the asker may see',
    params: collectionParams,
    query: documentsQuery,
    answers: {
      200: {
        description: 'Some of them, and where to go on.',
        schema: documentsAnswer,
        links: linksTo('$response.body#/documents/0/id'),
      },
    },
    handler: async ({ params, query, principal }) => {
      const collection = await collections.get(params.name);
      const { documents, next } = await collection.documents({ ...query, labels: principal.labels });
      return {
        documents: documents.map((document) => wireDocument(document, seesLabels(principal))),
        ...(next !== undefined && { next }),
      };
    },
  });
  addRoute(server, {
    method: 'POST',
    path: '/v1/collections/{name}/documents',
    scope: 'write',
    tag: TAG,
    summary: 'Put documents into a collection, or in the place of those with the same source',
    description:
      'All documents of a request come in one change: searches find all of them or none. What cannot be parsed has a problem in the result, and the others go in. Without `wait` the answer is a job.',
    params: collectionParams,
    body: putDocumentsRequest,
    otherBodies: { 'multipart/form-data': uploadBody },
    bodyLimit: Math.ceil(uploadBytes * BASE64_SHARE) + AROUND_BYTES,
    answers: {
      200: {
        description: 'With `wait`: the next search finds them.',
        schema: changeResultSchema,
        links: linksTo('$response.body#/put/0/documents/0'),
      },
      202: {
        description: 'Without: they are on their way.',
        schema: startedJob,
        links: {
          job: { to: 'GET /v1/jobs/{id}', parameters: { id: '$response.body#/job/id' } },
          events: { to: 'GET /v1/jobs/{id}/events', parameters: { id: '$response.body#/job/id' } },
        },
      },
    },
    handler: async (call) => {
      const { params, body, principal, request } = call;
      const collection = await collections.get(params.name);
      const upload =
        body === undefined
          ? await readUpload(request, uploadBytes)
          : { documents: body.documents.map(documentToPut), wait: body.wait };
      const put = upload.documents.map((document) => withLabelsOf(principal, document));
      checkSources(put);
      const sources = put.map(({ source }) => source);
      // Said at once where it can be; when its turn comes, the change looks again.
      await collection.checkReplaced(sources, principal.labels);
      const { job, finished } = startChange(call, services, collection, { put });
      if (upload.wait) return wireChangeResult(await finished);
      call.reply.status(202);
      return { job: wireJob(job) };
    },
  });
  addRoute(server, {
    method: 'GET',
    path: '/v1/collections/{name}/documents/{id}',
    scope: 'read',
    tag: TAG,
    summary: 'A document with the texts of its units',
    params: documentParams,
    answers: {
      200: {
        description: 'The document.',
        schema: documentWithTexts,
        links: {
          unit: {
            to: 'GET /v1/collections/{name}/units/{id}',
            parameters: { name: '$request.path.name', id: '$response.body#/texts/0/id' },
          },
        },
      },
    },
    handler: async ({ params: { name, id }, principal }) => {
      const document = await (await collections.get(name)).document(id, principal.labels);
      if (document === undefined) throw missing('document', id);
      return wireDocumentWithTexts(document, seesLabels(principal));
    },
  });
  addRoute(server, {
    method: 'DELETE',
    path: '/v1/collections/{name}/documents/{id}',
    scope: 'write',
    tag: TAG,
    summary: 'Take a document out of a collection',
    description: 'When it is answered, no search finds it any more.',
    params: documentParams,
    answers: { 200: { description: 'It is gone.', schema: changeResultSchema } },
    handler: async (call) => {
      const { name, id } = call.params;
      const collection = await collections.get(name);
      if ((await collection.document(id, call.principal.labels)) === undefined) throw missing('document', id);
      const result = await startChange(call, services, collection, { remove: [{ document: id }] }).finished;
      // Another was faster: it is gone, or what has its place is not for this key.
      if (result.removed === 0) throw missing('document', id);
      return wireChangeResult(result);
    },
  });
  addRoute(server, {
    method: 'GET',
    path: '/v1/collections/{name}/units/{id}',
    scope: 'read',
    tag: TAG,
    summary: 'A unit of a document, as results and citations name it',
    params: documentParams,
    answers: { 200: { description: 'The unit.', schema: unitSchema } },
    handler: async ({ params: { name, id }, principal }) => {
      const unit = await (await collections.get(name)).unit(id, principal.labels);
      if (unit === undefined) throw missing('unit', id);
      return wireUnit(unit);
    },
  });
  addFigureRoute(server, services);
}

/** A picture is shown and does nothing else, wherever it is opened. */
const PICTURE_HEADERS = {
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'content-disposition': 'inline',
  // What is asked for by a unit may become another one's, and who may see it may change.
  'cache-control': 'private, no-cache',
} as const;

function addFigureRoute(server: FastifyInstance, { collections }: ServerServices): void {
  const picture = z.string().meta({ format: 'binary' });
  addRoute(server, {
    method: 'GET',
    path: '/v1/collections/{name}/figures/{id}',
    scope: 'read',
    tag: TAG,
    summary: 'The picture of a figure, by the id of the unit that describes it',
    description:
      'PNG, JPEG or WebP, without what was written beside its pixels. Drawings (SVG) are served as the pixels that they became.',
    params: documentParams,
    answers: {
      200: {
        description: 'The picture, in one of the types of pictures; whoever knows no types takes its bytes.',
        // The last one is for generated clients, which read no body whose types they all do not know.
        content: Object.fromEntries([...FIGURE_MEDIA_TYPES, 'application/octet-stream'].map((type) => [type, picture])),
      },
      304: { description: 'The asker has it: `if-none-match` named it.' },
    },
    handler: async ({ params: { name, id }, principal, request, reply }) => {
      const found = await (await collections.get(name)).figure(id, principal.labels);
      if (found === undefined) throw missing('figure', id);
      const { figure, mediaType, bytes } = found;
      const tag = `"${figure.id}"`;
      reply.headers({ ...PICTURE_HEADERS, etag: tag });
      if (request.headers['if-none-match'] === tag) return reply.status(304).send();
      return reply.type(mediaType).send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    },
  });
}

/** Has a collection changed by a job. */
function startChange(
  { principal }: Pick<RouteCall<unknown, unknown, unknown>, 'principal'>,
  { jobs, metrics }: ServerServices,
  collection: CollectionService,
  changed: DocumentsChange,
): ReturnType<ServerServices['jobs']['start']> {
  const bytes = (changed.put ?? []).reduce((sum, { content }) => sum + content.length, 0);
  return jobs.start({
    collection: collection.name,
    principal,
    bytes,
    run: (options) => metrics.timed('change', () => collection.change(changed, { ...options, labels: principal.labels })),
  });
}

function withLabelsOf(principal: Principal, { labels, ...document }: DocumentToPut): DocumentToPut {
  const set = labelsToSet(principal, labels);
  return set === undefined ? document : { ...document, labels: set };
}

function checkSources(put: readonly DocumentToPut[]): void {
  const seen = new Set<string>();
  for (const { source } of put) {
    if (seen.has(source)) throw new HttpError(400, `the source ${JSON.stringify(source)} comes twice`, { code: 'SOURCE_TWICE' });
    seen.add(source);
  }
}
