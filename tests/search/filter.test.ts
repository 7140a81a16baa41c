import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeFilterIssue } from '../../search/filter-schema.ts';
import { compileFilter, type Filter, filterSchema, withAccess } from '../../search/index.ts';

const METADATA = {
  language: 'de',
  pages: { first: 3, last: 5 },
  headings: ['Part', 'Chapter'],
  labels: ['staff'],
  fields: {
    year: 2024,
    published: '2024-03-01',
    nothing: null,
    none: [],
    nested: [[1]],
    authors: [{ name: 'Ada' }, { name: 'Bo' }],
  },
};

const passes = (filter: Filter, metadata?: object): boolean => compileFilter(filter)('document', metadata);
const holds = (filter: Filter): boolean => passes(filter, METADATA);

const test = suite('filter');

test('equals: scalars by type and value, any element of an array, null for what is null or not there', () => {
  const equals = (field: string, value: string | number | boolean | null, metadata: object = METADATA) =>
    passes({ field, equals: value }, metadata);
  assert.ok(equals('language', 'de'));
  assert.not.ok(equals('language', 'DE'));
  assert.ok(equals('fields.year', 2024));
  assert.not.ok(equals('fields.year', '2024'));
  assert.ok(equals('headings', 'Chapter'));
  assert.ok(equals('fields.authors.name', 'Bo'));
  // Arrays open by one level: [[1]] holds a list, not 1.
  assert.not.ok(equals('fields.nested', 1));
  assert.ok(equals('fields.nothing', null));
  assert.ok(equals('fields.missing', null));
  assert.ok(equals('missing.deeper', null));
  assert.ok(equals('language.deeper', null));
  // A list without elements is there.
  assert.not.ok(equals('fields.none', null));
  assert.ok(passes({ field: 'anything', equals: null }, undefined));
  assert.not.ok(equals('constructor', 'x', {}));
  assert.ok(equals('__proto__', null, {}));
});

test('in and range; a field that is not there satisfies neither, nor does another type', () => {
  assert.ok(holds({ field: 'language', in: ['en', 'de'] }));
  assert.not.ok(holds({ field: 'language', in: [] }));
  assert.not.ok(holds({ field: 'missing', in: ['de'] }));
  assert.ok(holds({ field: 'pages.first', range: { gte: 3, lt: 4 } }));
  assert.not.ok(holds({ field: 'pages.first', range: { gt: 3 } }));
  assert.not.ok(holds({ field: 'pages.first', range: { gte: '3' } }));
  assert.not.ok(holds({ field: 'missing', range: { lt: 4 } }));
  assert.ok(holds({ field: 'fields.published', range: { gte: '2024-01-01', lt: '2024-12-31' } }));
  // One element has to lie within both bounds: of [1, 9] none does.
  assert.not.ok(passes({ field: 'numbers', range: { gt: 2, lt: 8 } }, { numbers: [1, 9] }));
  assert.ok(passes({ field: 'numbers', range: { gt: 2, lt: 8 } }, { numbers: [1, 5] }));
  // By code points: U+10000 comes after U+FF61, though its UTF-16 (D800 DC00) comes before.
  assert.ok(passes({ field: 'title', range: { gt: '\u{ff61}' } }, { title: '\u{10000}' }));
});

test('documents, and, or, not', () => {
  assert.ok(holds({ documents: ['other', 'document'] }));
  assert.not.ok(holds({ documents: [] }));
  assert.ok(holds({ and: [] }));
  assert.not.ok(holds({ or: [] }));
  assert.ok(holds({ not: { field: 'missing', equals: 1 } }));
  assert.ok(
    holds({
      or: [{ field: 'language', equals: 'en' }, { and: [{ documents: ['document'] }, { field: 'language', equals: 'de' }] }],
    }),
  );
});

test('access: one label that is held opens, none is needed where there is none, and what is no list of labels opens nothing', () => {
  assert.ok(holds({ access: ['other', 'staff'] }));
  assert.not.ok(holds({ access: ['other'] }));
  assert.not.ok(holds({ access: [] }));
  for (const metadata of [undefined, {}, { labels: [] }]) assert.ok(passes({ access: [] }, metadata));
  for (const labels of ['staff', null, { staff: true }, ['']]) assert.not.ok(passes({ access: ['staff'] }, { labels }));
  assert.not.ok(holds(withAccess({ or: [{ and: [] }] }, ['other'])));
  assert.equal(withAccess(undefined, ['a']), { and: [{ access: ['a'] }] });
});

test('the schema takes what is a filter', () => {
  const filters: Filter[] = [
    { documents: ['a'] },
    { field: 'fields.year', equals: 2024 },
    { field: 'x', equals: null },
    { field: 'x', in: ['a', 1, true] },
    { field: 'x', range: { gte: '2024-01-01', lt: '2025-01-01' } },
    { and: [{ or: [{ not: { documents: [] } }] }] },
  ];
  for (const filter of filters) assert.equal(filterSchema.parse(JSON.parse(JSON.stringify(filter))), filter);
});

test('the schema says what is wrong, and where', () => {
  const deep = (depth: number): unknown => {
    let filter: unknown = { documents: [] };
    for (let level = 0; level < depth; level++) filter = { not: filter };
    return filter;
  };
  const issues: [unknown, RegExp][] = [
    [undefined, /^filter: must be an object with one of and, or, not, documents, equals, in, range$/],
    [[], /^filter: must be an object/],
    [
      { and: [{ documents: [] }, { or: [{ field: 'x', equals: {} }] }] },
      /^filter\.and\.1\.or\.0\.equals: must be a text, a finite number/,
    ],
    [{ field: 'x', equals: 1, in: [1] }, /^filter: .*in/],
    [{ field: 'x' }, /^filter: must be an object with one of/],
    [{ field: 'a..b', equals: 1 }, /^filter\.field: must be 1 to 16 keys joined by dots/],
    [{ field: 'x', range: {} }, /^filter\.range: needs a bound/],
    [{ field: 'x', range: { gt: 1, lt: 'a' } }, /^filter\.range: bounds must be all numbers or all texts/],
    [{ field: 'x', range: { gt: true } }, /^filter\.range\.gt: must be a text or a finite number/],
    [{ field: 'x', in: 'a' }, /^filter\.in: /],
    [{ documents: ['a\0'] }, /^filter\.documents\.0: holds a zero byte/],
    [{ field: 'x', equals: '\ud800' }, /^filter\.equals: /],
    // Access is the asker's right, not part of what is asked.
    [{ access: ['staff'] }, /^filter: must be an object with one of/],
    [{ or: [{ and: [] }, { access: ['staff'] }] }, /^filter\.or\.1: must be an object with one of/],
    [{ and: [], access: ['staff'] }, /^filter: .*access/],
    [deep(17), /^filter: clauses may lie 16 deep/],
    [deep(100_000), /^filter: clauses may lie 16 deep/],
    [{ or: Array.from({ length: 300 }, () => ({ documents: [] })) }, /^filter: there may be 256 clauses/],
    [{ documents: Array.from({ length: 1001 }, () => 'a') }, /^filter: its lists may have 1000 values/],
    [{ documents: ['a'.repeat(65_537)] }, /^filter: its texts may have 65536 characters/],
  ];
  for (const [input, message] of issues) {
    const parsed = filterSchema.safeParse(input);
    assert.not.ok(parsed.success, String(message));
    assert.match(describeFilterIssue(parsed.error!), message);
  }
});

test.run();
