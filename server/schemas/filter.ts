const text = { type: 'string' };
const scalar = { type: ['string', 'number', 'boolean'] };
const bound = { type: ['string', 'number'] };
const filter = { $ref: '#/components/schemas/Filter' };
const filters = { type: 'array', items: filter };

const clause = (properties: Readonly<Record<string, unknown>>): object => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** A clause each, named: generators of clients do not take a schema that holds itself without a name between. */
const CLAUSES = {
  DocumentsFilter: clause({ documents: { type: 'array', items: text } }),
  EqualsFilter: clause({ field: text, equals: { type: ['string', 'number', 'boolean', 'null'] } }),
  InFilter: clause({ field: text, in: { type: 'array', items: scalar } }),
  RangeFilter: clause({
    field: text,
    range: {
      type: 'object',
      properties: { gt: bound, gte: bound, lt: bound, lte: bound },
      minProperties: 1,
      additionalProperties: false,
    },
  }),
  AndFilter: clause({ and: filters }),
  OrFilter: clause({ or: filters }),
  NotFilter: clause({ not: filter }),
};

/** A filter as OpenAPI says it, by the names of its schemas. Filters are read by `filterSchema`, whose steps have no form in JSON Schema; a test holds the two against each other. */
export const FILTER_JSON_SCHEMAS: Readonly<Record<string, object>> = {
  Filter: {
    description:
      'Which passages may be found. A field is a path of keys joined by dots, as the metadata has them: title, source, language, and free ones below fields.',
    oneOf: Object.keys(CLAUSES).map((name) => ({ $ref: `#/components/schemas/${name}` })),
  },
  ...CLAUSES,
};
