import type { FastifyInstance } from 'fastify';
import { type Principal, seesEverything } from '../access/index.ts';
import { addRoute, type DeclaredLink } from '../routing/index.ts';
import {
  changesAnswer,
  changesQuery,
  collectionDescription,
  collectionParams,
  collectionSchema,
  collectionsAnswer,
  createCollectionRequest,
  deletedCollection,
  settingsOf,
  wireChanges,
  wireCollection,
} from '../schemas/index.ts';
import type { ServerServices } from '../services.ts';

const TAG = 'collections';

/** Requests about one collection. @param name where its name stands */
const linksTo = (name: string): Readonly<Record<string, DeclaredLink>> => {
  const parameters = { name };
  return {
    collection: { to: 'GET /v1/collections/{name}', parameters },
    documents: { to: 'GET /v1/collections/{name}/documents', parameters },
    put: { to: 'POST /v1/collections/{name}/documents', parameters },
    changes: { to: 'GET /v1/collections/{name}/changes', parameters },
    delete: { to: 'DELETE /v1/collections/{name}', parameters },
  };
};

/** Counts tell of documents that not every key may see; who may change all that is there may know how much it is. */
const seesCounts = (principal: Principal): boolean => seesEverything(principal) || principal.scopes.has('admin');

/** Collections: list, make, describe, delete, and what changed in them. */
export function addCollectionRoutes(server: FastifyInstance, { collections }: ServerServices): void {
  addRoute(server, {
    method: 'GET',
    path: '/v1/collections',
    scope: 'read',
    tag: TAG,
    summary: 'The collections, by name',
    answers: {
      200: { description: 'All of them.', schema: collectionsAnswer, links: linksTo('$response.body#/collections/0/name') },
    },
    handler: async ({ principal }) => ({
      collections: (await collections.list()).map((collection) => wireCollection(collection, seesCounts(principal))),
    }),
  });
  addRoute(server, {
    method: 'POST',
    path: '/v1/collections',
    scope: 'admin',
    tag: TAG,
    summary: 'Make an empty collection',
    body: createCollectionRequest,
    answers: { 201: { description: 'It is there.', schema: collectionSchema, links: linksTo('$response.body#/name') } },
    handler: async ({ body: { name, settings }, principal, reply }) => {
      const collection = await collections.create(name, settingsOf(settings));
      reply.status(201);
      return wireCollection(collection, seesCounts(principal));
    },
  });
  addRoute(server, {
    method: 'GET',
    path: '/v1/collections/{name}',
    scope: 'read',
    tag: TAG,
    summary: 'A collection, and what a search of it looks through',
    params: collectionParams,
    answers: { 200: { description: 'The collection.', schema: collectionDescription } },
    handler: async ({ params, principal }) => {
      const { index, ...collection } = await (await collections.get(params.name)).describe();
      const counts = seesCounts(principal);
      return { ...wireCollection(collection, counts), ...(counts && { index }) };
    },
  });
  addRoute(server, {
    method: 'DELETE',
    path: '/v1/collections/{name}',
    scope: 'admin',
    tag: TAG,
    summary: 'Delete a collection with all that is in it',
    description: 'Changes of it that are under way are waited for.',
    params: collectionParams,
    answers: { 200: { description: 'It is gone.', schema: deletedCollection } },
    handler: async ({ params: { name } }) => {
      await collections.delete(name);
      return { name, deleted: true };
    },
  });
  addRoute(server, {
    method: 'GET',
    path: '/v1/collections/{name}/changes',
    scope: 'admin',
    tag: TAG,
    summary: 'What changed in a collection, the newest first',
    description: 'It names every source whatever its labels, so that it needs the scope admin.',
    params: collectionParams,
    query: changesQuery,
    answers: { 200: { description: 'The changes.', schema: changesAnswer } },
    handler: async ({ params, query }) => wireChanges(await (await collections.get(params.name)).changes(query)),
  });
}
