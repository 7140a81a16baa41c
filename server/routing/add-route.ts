import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { NOBODY, requirePrincipal } from '../access/index.ts';
import { HttpError } from '../errors.ts';
import { describeIssue } from '../schemas/index.ts';
import { clientSignal } from './client-signal.ts';
import type { Route } from './route.ts';

const DECLARED = Symbol('declared routes');

/** The routes that a server has by `addRoute`, in their order. */
export function declaredRoutes(server: FastifyInstance): readonly Route[] {
  return routesOf(server);
}

function routesOf(server: FastifyInstance): Route[] {
  if (!server.hasDecorator(DECLARED)) server.decorate(DECLARED, []);
  return server.getDecorator<Route[]>(DECLARED);
}

/** Adds a route as it is declared. */
export function addRoute<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  server: FastifyInstance,
  route: Route<Params, Query, Body>,
): void {
  routesOf(server).push(route as unknown as Route);
  const { method, path, scope, code = 'REQUEST', bodyLimit } = route;
  server.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    ...(bodyLimit !== undefined && { bodyLimit }),
    // Who may not ask is told so before a body is read.
    onRequest: async (request) => {
      if (scope !== 'public') requirePrincipal(request, scope);
    },
    handler: async (request, reply) => {
      const check = <Schema extends z.ZodType>(schema: Schema | undefined, value: unknown, what: string): z.output<Schema> => {
        if (schema === undefined) return undefined as z.output<Schema>;
        const parsed = schema.safeParse(value);
        if (parsed.success) return parsed.data;
        throw new HttpError(400, describeIssue(parsed.error, what), { code });
      };
      const result = await route.handler({
        params: check(route.params, request.params, 'the path'),
        query: check(route.query, request.query, 'the query string'),
        body: hasOtherBody(route as unknown as Route, request.headers['content-type'])
          ? (undefined as z.output<Body>)
          : check(route.body, request.body, 'the body'),
        principal: scope === 'public' ? NOBODY : requirePrincipal(request, scope),
        signal: clientSignal(reply),
        request,
        reply,
      });
      return reply.sent || reply.raw.headersSent ? reply : reply.send(result);
    },
  });
}

function hasOtherBody({ otherBodies = {} }: Route, contentType = ''): boolean {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  return Object.hasOwn(otherBodies, type);
}
