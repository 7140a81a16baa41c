import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PARSERS } from '../../../../ingest/index.ts';
import { PARSE_SAMPLES } from '../../../../scripts/fuzz/parse-samples.ts';
import { errorOf } from '../../../fixtures/temporary-folder.ts';
import { blocksOf, sampleContract } from '../sample-contract.ts';

const test = suite('json parsers');

sampleContract('json');
sampleContract('jsonl');

const documents = (path: string, content: string) =>
  PARSERS.find(({ extensions }) => extensions.includes(path.slice(1)))!.parse({ path, bytes: Buffer.from(content) });

test('records as `cem pack` reads them: id, title, text, metadata', async () => {
  const [first, second] = await documents('a.json', PARSE_SAMPLES['json']![0]!.file.bytes.toString());
  assert.equal(first, {
    title: 'A',
    language: 'en',
    fields: { n: 1, _id: '1', source: 'https://example.org' },
    blocks: [
      { kind: 'paragraph', text: 'One.', headings: [] },
      { kind: 'paragraph', text: 'Two.', headings: [] },
    ],
  });
  assert.is(second!.blocks[0]!.text, '三');
});

test('of anything else the texts, each with its keys', async () => {
  assert.equal(await blocksOf('a.json', PARSE_SAMPLES['json']![1]!.file.bytes), [
    'paragraph title: T',
    'paragraph a.b: x 😀',
    'paragraph a.b: y',
    'paragraph e: 水泵',
  ]);
});

test('one document a line; a line that is none says which', async () => {
  const lines = await documents('a.jsonl', PARSE_SAMPLES['jsonl']![0]!.file.bytes.toString());
  assert.equal(
    lines.map(({ title }) => title),
    [undefined, '二', undefined],
  );
  const error = await errorOf(() => documents('a.jsonl', '{"text":"a"}\n{"text":\n'));
  assert.is(error.code, 'PARSE_JSONL');
  assert.match(error.message, /^a\.jsonl:2 is no JSON/);
  assert.is((await errorOf(() => documents('b.json', '{"text":"a","metadata":{"labels":3}}'))).code, 'PARSE_JSON');
});

test('values of any depth end', async () => {
  const deep = `${'{"a":'.repeat(5000)}"words"${'}'.repeat(5000)}`;
  assert.match((await blocksOf('a.json', deep))[0]!, /a: words$/);
});

test.run();
