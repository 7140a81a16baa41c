import { z } from 'zod';
import { filterSchema } from '../../search/index.ts';
import { errorSchema, FILTER_JSON_SCHEMAS } from '../schemas/index.ts';
import type { DeclaredAnswer, DeclaredLink, Route } from './route.ts';

type Json = Record<string, unknown>;

export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

/** Where zod puts schemas that have names, and where OpenAPI does. */
const DEFINITIONS = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

/** The OpenAPI 3.1 document of routes: their schemas are those that requests are checked with. */
export function openApiDocument(routes: readonly Route[], info: OpenApiInfo): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operationOf(route, components);
  }
  const tags = [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name }));
  return {
    openapi: '3.1.0',
    info,
    tags,
    paths,
    components: {
      schemas: components.all,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A key that `cem keys add` made.' },
        header: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'The same key.' },
      },
    },
  };
}

function operationOf(route: Route, components: Components): Json {
  const {
    method,
    path,
    tag,
    summary,
    description,
    scope,
    params,
    query,
    body,
    otherBodies = {},
    answers,
    failure = errorSchema,
  } = route;
  const bodies = { ...(body && { 'application/json': body }), ...otherBodies };
  const parameters = [...parametersOf('path', params, components), ...parametersOf('query', query, components)];
  return {
    operationId: operationId(`${method} ${path}`),
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(parameters.length > 0 && { parameters }),
    ...(Object.keys(bodies).length > 0 && {
      requestBody: {
        required: true,
        content: Object.fromEntries(
          Object.entries(bodies).map(([type, schema]) => [type, { schema: components.schemaOf(schema, 'input') }]),
        ),
      },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer, components)])),
      default: responseOf({ description: 'Refused, or failed.', schema: failure }, components),
    },
    // Where the server asks for no keys, none is needed.
    ...(scope !== 'public' && { security: [{ bearer: [] }, { header: [] }, {}], 'x-scope': scope }),
  };
}

/** @param route its method and path */
const operationId = (route: string): string => route.replaceAll(/[{}]/g, '').replaceAll(/\W+/g, '_').toLowerCase();

const linkOf = ({ to, parameters }: DeclaredLink): Json => ({ operationId: operationId(to), parameters });

function responseOf({ description, schema, content = {}, links }: DeclaredAnswer, components: Components): Json {
  const bodies = { ...(schema && { 'application/json': schema }), ...content };
  if (Object.keys(bodies).length === 0) return { description };
  return {
    description,
    ...(links && { links: Object.fromEntries(Object.entries(links).map(([name, link]) => [name, linkOf(link)])) }),
    content: Object.fromEntries(
      Object.entries(bodies).map(([type, body]) => [type, { schema: components.schemaOf(body, 'output') }]),
    ),
  };
}

function parametersOf(place: 'path' | 'query', schema: z.ZodType | undefined, components: Components): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = components.schemaOf(schema, 'input') as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

/** Schemas that have names, once each. */
class Components {
  readonly all: Record<string, unknown> = {};

  schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
    const {
      $schema: _,
      $defs = {},
      ...json
    } = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        // Generators of clients have no place for a default that is no scalar; what it is stands in the documentation.
        if (typeof jsonSchema.default === 'object' && jsonSchema.default !== null) delete jsonSchema.default;
        if (zodSchema !== (filterSchema as unknown)) return;
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
        jsonSchema.$ref = `${COMPONENTS}Filter`;
        Object.assign(this.all, FILTER_JSON_SCHEMAS);
      },
    }) as Json & { readonly $defs?: Readonly<Record<string, Json>> };
    for (const [name, definition] of Object.entries($defs)) this.all[name] ??= withReferences(definition);
    return withReferences(json) as Json;
  }
}

/** The same with references that lead to OpenAPI's place. */
function withReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string' ? [key, inner.replace(DEFINITIONS, COMPONENTS)] : [key, withReferences(inner)],
    ),
  );
}
