import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Principal, Scope } from '../access/index.ts';

/** What a route answers with one status. */
export interface DeclaredAnswer {
  readonly description: string;
  /** Of JSON; without it, and without `content`, there is no body. */
  readonly schema?: z.ZodType;
  /** Of other types, by type: `text/event-stream`. */
  readonly content?: Readonly<Record<string, z.ZodType>>;
  /** What may be asked with what it says, by name. */
  readonly links?: Readonly<Record<string, DeclaredLink>>;
}

/** A request that something of an answer may be used in. */
export interface DeclaredLink {
  /** Method and path of its route: `GET /v1/jobs/{id}`. */
  readonly to: string;
  /** Its parameters, as OpenAPI's expressions of the answer or of the request that it is to: `$response.body#/id`, `$request.path.name`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** One request to a route, read and checked. */
export interface RouteCall<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Who asks; nobody in particular of a route that is for everybody. */
  readonly principal: Principal;
  /** Aborted when the client goes. */
  readonly signal: AbortSignal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * A route, said once: what is checked, what OpenAPI says of it, and what it does. What the handler gives is sent as JSON, with the status 200 unless it set another.
 *
 * Paths are OpenAPI's: `/v1/collections/{name}`.
 */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: `/${string}`;
  /** What a key needs; `public` needs none. */
  readonly scope: Scope | 'public';
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Params;
  readonly query?: Query;
  /** The JSON body. */
  readonly body?: Body;
  /** Bodies of other types, by type: `multipart/form-data`. They are the handler's to read: `body` is undefined then. */
  readonly otherBodies?: Readonly<Record<string, z.ZodType>>;
  /** By status. Refusals need not be named: each route has them. */
  readonly answers: Readonly<Record<number, DeclaredAnswer>>;
  /** What refusals and failures look like, where they have not the form of all others. */
  readonly failure?: z.ZodType;
  /** Code of the refusal of a request that is not as declared; `REQUEST` unless given. */
  readonly code?: string;
  /** Bytes of a body; the server's unless given. */
  readonly bodyLimit?: number;
  handler(call: RouteCall<z.output<Params>, z.output<Query>, z.output<Body>>): unknown;
}
