import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { addRoute, declaredRoutes } from './add-route.ts';
import { type OpenApiInfo, openApiDocument } from './open-api.ts';

/** The page of the reference asks this server and nobody else. Its library writes styles into the page. */
const POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** Adds `GET /openapi.json`, which has every route that was declared before the server is ready, and a page of it at `/docs`. */
export async function addReference(server: FastifyInstance, info: OpenApiInfo): Promise<void> {
  // The plugin of the page wants the document before there are routes: it is filled when all are there.
  const document: Record<string, unknown> = {};
  server.addHook('onReady', async () => {
    Object.assign(document, openApiDocument(declaredRoutes(server), info));
  });
  addRoute(server, {
    method: 'GET',
    path: '/openapi.json',
    scope: 'public',
    tag: 'server',
    summary: 'This description',
    answers: { 200: { description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.string() }) } },
    handler: () => document,
  });
  const [{ default: swagger }, { default: page }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  // The types ask for a document of which all is known.
  await server.register(swagger, { mode: 'static', specification: { document: document as never } });
  await server.register(page, {
    routePrefix: '/docs',
    staticCSP: POLICY,
    theme: { title: info.title },
    uiConfig: { persistAuthorization: false },
  });
}
