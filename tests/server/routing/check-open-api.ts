import * as assert from 'uvu/assert';

type Json = Readonly<Record<string, unknown>>;

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'];
const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];
/** Keywords of JSON Schema 2020-12 that may stand in a schema of ours. */
const KEYWORDS = new Set(
  '$ref type properties required additionalProperties propertyNames items prefixItems enum const default description title format pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum minItems maxItems minProperties oneOf anyOf allOf not contentEncoding id examples'.split(
    ' ',
  ),
);

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Holds a document against OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0), as far as documents of ours use it; fails at the first fault. Gives its operations as "GET /path". */
export function checkOpenApi(document: Json): string[] {
  assert.match(String(document['openapi']), /^3\.1\.\d+$/);
  const info = document['info'] as Json;
  assert.type(info['title'], 'string');
  assert.type(info['version'], 'string');
  const components = document['components'] as Json;
  const schemas = components['schemas'] as Json;
  for (const name of Object.keys(schemas)) assert.match(name, /^[a-zA-Z0-9._-]+$/);

  const schemaAt = (value: unknown, place: string): void => {
    if (typeof value === 'boolean') return;
    assert.ok(isObject(value), `${place} is no schema`);
    for (const keyword of Object.keys(value)) assert.ok(KEYWORDS.has(keyword), `${place}: keyword ${keyword}`);
    const {
      $ref: reference,
      type,
      properties,
      required,
      additionalProperties,
      propertyNames,
      items,
      oneOf,
      anyOf,
      allOf,
      not,
    } = value;
    if (reference !== undefined) {
      const [, name] = /^#\/components\/schemas\/([\w.-]+)$/.exec(String(reference)) ?? [];
      assert.ok(name !== undefined && name in schemas, `${place}: ${reference} leads nowhere`);
    }
    for (const one of type === undefined ? [] : [type].flat()) assert.ok(TYPES.includes(String(one)), `${place}: type ${one}`);
    for (const [name, inner] of Object.entries((properties ?? {}) as Json)) schemaAt(inner, `${place}.${name}`);
    if (required !== undefined) {
      assert.ok(Array.isArray(required) && required.every((name) => typeof name === 'string'), `${place}: required`);
      if (properties !== undefined)
        for (const name of required) assert.ok(name in (properties as Json), `${place}: ${name} is required and unknown`);
    }
    for (const inner of [additionalProperties, propertyNames, items, not]) if (inner !== undefined) schemaAt(inner, place);
    for (const list of [oneOf, anyOf, allOf]) {
      if (list === undefined) continue;
      assert.ok(Array.isArray(list) && list.length > 0, place);
      list.forEach((inner, number) => {
        schemaAt(inner, `${place}|${number}`);
      });
    }
  };
  const contentAt = (content: unknown, place: string): void => {
    assert.ok(isObject(content) && Object.keys(content).length > 0, `${place} has no content`);
    for (const [type, media] of Object.entries(content)) {
      assert.match(type, /^[\w.+-]+\/[\w.+-]+$/);
      schemaAt((media as Json)['schema'], `${place} ${type}`);
    }
  };
  for (const [name, schema] of Object.entries(schemas)) schemaAt(schema, name);

  const operations: string[] = [];
  const ids = new Set<unknown>();
  const links: Json[] = [];
  const parametersOf = new Map<unknown, unknown[]>();
  for (const [path, item] of Object.entries(document['paths'] as Json)) {
    assert.match(path, /^\//);
    for (const [method, operation] of Object.entries(item as Json)) {
      const place = `${method.toUpperCase()} ${path}`;
      assert.ok(METHODS.includes(method), place);
      const { operationId, parameters = [], requestBody, responses, security = [], tags } = operation as Json;
      assert.match(String(operationId), /^\w+$/, place);
      assert.not.ok(ids.has(operationId), `${place}: ${operationId} is there twice`);
      ids.add(operationId);
      assert.ok(Array.isArray(tags), place);
      const inPath: string[] = [];
      for (const parameter of parameters as Json[]) {
        assert.type(parameter['name'], 'string', place);
        assert.ok(['path', 'query', 'header', 'cookie'].includes(String(parameter['in'])), place);
        if (parameter['in'] === 'path') {
          assert.is(parameter['required'], true, place);
          inPath.push(String(parameter['name']));
        }
        schemaAt(parameter['schema'], `${place} ${parameter['name']}`);
      }
      const inTemplate = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
      assert.equal(inPath.sort(), inTemplate.sort(), `${place}: parameters of the path`);
      if (requestBody !== undefined) contentAt((requestBody as Json)['content'], `${place} body`);
      assert.ok(isObject(responses) && Object.keys(responses).length > 0, place);
      for (const [status, response] of Object.entries(responses)) {
        assert.match(status, /^([1-5](\d\d|XX)|default)$/, place);
        assert.type((response as Json)['description'], 'string', `${place} ${status}`);
        const content = (response as Json)['content'];
        if (content !== undefined) contentAt(content, `${place} ${status}`);
        for (const link of Object.values(((response as Json)['links'] ?? {}) as Json)) links.push(link as Json);
      }
      for (const requirement of security as Json[])
        for (const scheme of Object.keys(requirement)) assert.ok(scheme in (components['securitySchemes'] as Json), place);
      operations.push(place);
      parametersOf.set(operationId, (parameters as Json[]).map(({ name }) => name).sort());
    }
  }
  for (const { operationId, parameters } of links) {
    const known = parametersOf.get(operationId);
    assert.ok(known !== undefined, `a link to ${operationId}, which is not there`);
    for (const [name, expression] of Object.entries(parameters as Json)) {
      assert.ok(known.includes(name), `${operationId} has no parameter ${name}`);
      assert.match(String(expression), /^\$(response\.body#\/|request\.path\.)/);
    }
  }
  return operations;
}
