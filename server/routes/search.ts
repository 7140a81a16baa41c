import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import type { Reranker, SearchResult } from '../../rag/index.ts';
import type { Principal } from '../access/index.ts';
import { HttpError } from '../errors.ts';
import { pictureOf, refuseBadPicture } from '../picture-body.ts';
import { addRoute } from '../routing/index.ts';
import {
  collectionResult,
  collectionSearchAnswer,
  collectionSearchRequest,
  rerankAnswer,
  rerankRequest,
} from '../schemas/index.ts';
import type { ServerServices } from '../services.ts';

const TAG = 'search';
/** A query is at most 10,000 UTF-16 units, 60,000 bytes when every one of them is escaped as \uXXXX; the rest is for a filter. */
const QUERY_BYTES = 256 * 1024;
/** A picture of 8 MiB, in base64. */
const BODY_LIMIT_BYTES = QUERY_BYTES + 12 * 2 ** 20;
/** Texts that are to be ordered. */
const RERANK_LIMIT_BYTES = 8 * 2 ** 20;
/** Results that a reranker reads. */
const RERANK_DEPTH = 50;

/** A number of milliseconds as it is told. */
const told = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

/** @throws HttpError 400 `RERANKER_MISSING` */
export function requireReranker({ reranker }: ServerServices): Reranker {
  if (reranker !== undefined) return reranker;
  throw new HttpError(400, 'this server has no reranker: it is named by `cem serve --reranker`', { code: 'RERANKER_MISSING' });
}

/** Figures, by words, a picture, or both. */
async function searchFigures(
  { collections, metrics, queue }: ServerServices,
  {
    collection: name,
    query,
    image,
    k,
    filter,
    units,
    strategy,
    layers,
    thresholds,
    texts,
  }: z.output<typeof collectionSearchRequest>,
  { labels }: Principal,
  signal: AbortSignal,
) {
  const collection = await collections.get(name);
  const start = performance.now();
  return queue.run(async () => {
    const begun = performance.now();
    const asked = { text: query, image: image === undefined ? undefined : pictureOf(image) };
    const results = await metrics
      .timed('retrieve', () =>
        collection.searchPictures(asked, { k, filter, units, strategy, layers, thresholds, texts, labels, signal }),
      )
      .catch(refuseBadPicture);
    metrics.decompressed(results.length);
    const ended = performance.now();
    return {
      results: results.map(collectionResult),
      took_ms: told(ended - start),
      timings: { queue: told(begun - start), retrieve: told(ended - begun) },
      ...(results.length === 0 && { note: 'no figure was found' }),
    };
  }, signal);
}

/** Searches, and texts ordered by a reranker. */
export function addSearchRoutes(server: FastifyInstance, services: ServerServices): void {
  const { collections, metrics, queue } = services;
  addRoute(server, {
    method: 'POST',
    path: '/v1/search',
    scope: 'read',
    tag: TAG,
    summary: 'The best units of a collection for a query, each as its best passage',
    body: collectionSearchRequest,
    bodyLimit: BODY_LIMIT_BYTES,
    code: 'SEARCH_REQUEST',
    answers: { 200: { description: 'The results, best first.', schema: collectionSearchAnswer } },
    handler: async ({ body, principal, signal }) => {
      const { collection: name, query, k, rerank, field, field_candidates: candidates, explain, ...more } = body;
      const { image, pictures, strategy, layers, thresholds, texts, ...options } = more;
      if (image !== undefined || pictures) return searchFigures(services, body, principal, signal);
      if (query === undefined)
        throw new HttpError(400, 'query: say what to look for, or send an image', { code: 'SEARCH_REQUEST' });
      const reranker = rerank ? requireReranker(services) : undefined;
      const collection = await collections.get(name);
      const start = performance.now();
      return queue.run(async () => {
        const begun = performance.now();
        const depth = reranker === undefined ? k : Math.max(k, RERANK_DEPTH);
        const { results: found, note } = await services.searchWithNote(collection, principal, query, {
          ...options,
          k: depth,
          ...(field && { field: { candidates, explain } }),
          signal,
        });
        const retrieved = performance.now();
        const results: readonly SearchResult[] =
          reranker === undefined
            ? found
            : await metrics.timed('rerank', () => reranker.rerank(query, found, { topN: k, signal }));
        const ended = performance.now();
        metrics.stage('queue', begun - start);
        return {
          results: results.map(collectionResult),
          took_ms: told(ended - start),
          timings: {
            queue: told(begun - start),
            retrieve: told(retrieved - begun),
            ...(reranker && { rerank: told(ended - retrieved) }),
          },
          ...(results.length === 0 && { note }),
        };
      }, signal);
    },
  });
  addRoute(server, {
    method: 'POST',
    path: '/v1/rerank',
    scope: 'read',
    tag: TAG,
    summary: 'Texts ordered by how well they fit a query',
    description: "The shape is Cohere's and Jina's.",
    body: rerankRequest,
    bodyLimit: RERANK_LIMIT_BYTES,
    answers: { 200: { description: 'The order.', schema: rerankAnswer } },
    handler: async ({ body, signal }) => {
      const reranker = requireReranker(services);
      const texts = body.documents.map((document) => (typeof document === 'string' ? document : document.text));
      const scores = await queue.run(() => metrics.timed('rerank', () => reranker.score(body.query, texts, { signal })), signal);
      const results = scores
        .map((score, index) => ({
          index,
          relevance_score: score,
          ...(body.return_documents && { document: { text: texts[index]! } }),
        }))
        .sort((left, right) => right.relevance_score - left.relevance_score || left.index - right.index);
      return { model: reranker.name, results: results.slice(0, body.top_n) };
    },
  });
}
