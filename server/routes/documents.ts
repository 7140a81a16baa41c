import type { FastifyInstance } from 'fastify';
import { labelsToSet, type Principal, seesEverything, seesLabels } from '../access/index.ts';
import type { CollectionService, DocumentsChange, DocumentToPut } from '../collection-service.ts';
import { HttpError } from '../errors.ts';
import { addRoute, type RouteCall } from '../routing/index.ts';
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
    answers: { 200: { description: 'Some of them, and where to go on.', schema: documentsAnswer } },
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
      200: { description: 'With `wait`: the next search finds them.', schema: changeResultSchema },
      202: { description: 'Without: they are on their way.', schema: startedJob },
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
      await checkReplaced(collection, principal, put);
      return change(call, services, collection, { put }, upload.wait);
    },
  });
  addRoute(server, {
    method: 'GET',
    path: '/v1/collections/{name}/documents/{id}',
    scope: 'read',
    tag: TAG,
    summary: 'A document with the texts of its units',
    params: documentParams,
    answers: { 200: { description: 'The document.', schema: documentWithTexts } },
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
      return change(call, services, collection, { remove: [{ document: id }] }, true);
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
}

/** Has a collection changed by a job, and waits for it where that was asked for. */
async function change(
  { principal, reply }: Pick<RouteCall<unknown, unknown, unknown>, 'principal' | 'reply'>,
  { jobs, metrics }: ServerServices,
  collection: CollectionService,
  changed: DocumentsChange,
  wait: boolean,
): Promise<unknown> {
  const bytes = (changed.put ?? []).reduce((sum, { content }) => sum + content.length, 0);
  const { job, finished } = jobs.start({
    collection: collection.name,
    principal,
    bytes,
    run: (options) => metrics.timed('change', () => collection.change(changed, options)),
  });
  if (wait) return wireChangeResult(await finished);
  reply.status(202);
  return { job: wireJob(job) };
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

/**
 * Nobody replaces what they may not see. That a source is taken is the one thing that is told of such a document: names are shared by all of a collection.
 *
 * @throws HttpError 409 `SOURCE_TAKEN`
 */
async function checkReplaced(collection: CollectionService, principal: Principal, put: readonly DocumentToPut[]): Promise<void> {
  if (seesEverything(principal)) return;
  for (const { source } of put) {
    if (await isHidden(collection, principal, source))
      throw new HttpError(
        409,
        `the source ${JSON.stringify(source)} is taken by a document that this key may not see; choose another`,
        {
          code: 'SOURCE_TAKEN',
        },
      );
  }
}

async function isHidden(collection: CollectionService, { labels }: Principal, source: string): Promise<boolean> {
  const count = async (of: Principal['labels']): Promise<number> => {
    let found = 0;
    for (let after: string | undefined; ; ) {
      const { documents, next } = await collection.documents({ labels: of, source, ...(after !== undefined && { after }) });
      found += documents.filter((document) => document.source === source).length;
      if (next === undefined) return found;
      after = next;
    }
  };
  const there = await count('everything');
  return there > 0 && there > (await count(labels));
}
