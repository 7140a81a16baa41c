import type { FastifyInstance } from 'fastify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { filterSchema } from '../../../search/index.ts';
import { FILTER_JSON_SCHEMAS } from '../../../server/schemas/index.ts';
import { openFixture } from '../collections-fixture.ts';
import { checkOpenApi } from './check-open-api.ts';

const test = suite('OpenAPI');

/** Every route that the server has, as "GET /path": from the tree that it prints, four characters a level. */
function routesOf(server: FastifyInstance): string[] {
  const above: string[] = [];
  return server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const [, indent, part, methods] = /^(.*?)[├└]── (\S+) \((.*)\)$/.exec(line)!;
      const depth = indent!.length / 4;
      above.splice(depth);
      const path = `${above.join('')}${part}`;
      above.push(part!);
      return methods!.split(', ').map((method) => `${method} ${path}`);
    });
}

test('the document is one of OpenAPI 3.1 and has every route, each with what it takes and answers', async () => {
  const { server } = await openFixture();
  await server.ready();
  // Pages and their parts are for people; HEAD is GET without a body.
  const routes = routesOf(server)
    .filter((route) => !/^HEAD |^\w+ \/(assets\/.*|docs.*)?$/.test(route))
    .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
  const response = await server.inject('/openapi.json');
  assert.is(response.statusCode, 200);
  assert.equal(checkOpenApi(response.json()).sort(), routes.sort());
  assert.ok(routes.includes('POST /v1/collections/{name}/documents') && routes.length > 20);
  await server.close();
});

test('the page of the reference and its parts are served, and ask nobody else', async () => {
  const { server } = await openFixture();
  const page = await server.inject('/docs/');
  assert.is(page.statusCode, 200);
  const parts = [...page.payload.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => new URL(part!, 'http://localhost/docs/'));
  assert.ok(parts.length >= 5);
  for (const { host, pathname } of parts) {
    assert.is(host, 'localhost');
    assert.is((await server.inject(pathname)).statusCode, 200, pathname);
  }
  assert.is((await server.inject('/docs/json')).json().openapi, '3.1.0');
  await server.close();
});

test('the form of filters that OpenAPI says is the one that is read', () => {
  const good = [
    { documents: ['a'] },
    { field: 'year', equals: null },
    { field: 'fields.year', in: [1, 'a', true] },
    { field: 'year', range: { gte: 1, lt: 5 } },
    { and: [{ or: [] }, { not: { documents: [] } }] },
  ];
  const bad = [
    {},
    { access: ['a'] },
    { field: 'year' },
    { field: 'year', range: {} },
    { documents: 'a' },
    { not: [] },
    { and: {} },
    5,
  ];
  for (const filter of good) assert.equal([fits(FILTER_SCHEMA, filter), filterSchema.safeParse(filter).success], [true, true]);
  for (const filter of bad)
    assert.equal([fits(FILTER_SCHEMA, filter), filterSchema.safeParse(filter).success], [false, false], JSON.stringify(filter));
});

const FILTER_SCHEMA = FILTER_JSON_SCHEMAS['Filter']!;

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minProperties?: number;
  readonly oneOf?: readonly Schema[];
}

const typeOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

/** JSON Schema as far as the filters' uses it, in which objects have no further properties. */
function fits(schema: Schema, value: unknown): boolean {
  if (schema.$ref !== undefined) return fits(FILTER_JSON_SCHEMAS[schema.$ref.split('/').at(-1)!]!, value);
  if (schema.oneOf !== undefined) return schema.oneOf.filter((one) => fits(one, value)).length === 1;
  if (schema.type !== undefined && ![schema.type].flat().includes(typeOf(value))) return false;
  if (Array.isArray(value)) return schema.items === undefined || value.every((item) => fits(schema.items!, item));
  if (typeof value !== 'object' || value === null) return true;
  const entries = Object.entries(value);
  const { properties = {}, required = [], minProperties = 0 } = schema;
  return (
    entries.length >= minProperties &&
    required.every((name) => name in value) &&
    entries.every(([name, inner]) => name in properties && fits(properties[name]!, inner))
  );
}

test.run();
