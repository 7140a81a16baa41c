import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { modelConfigSchema, ngramTables, patchingOf, queriesPerPatch } from '../../model/config.ts';

const test = suite('model configuration');

const issueOf = (model: unknown): string | undefined => {
  const result = modelConfigSchema.safeParse(model);
  const issue = result.error?.issues[0];
  return issue && `${issue.path.join('.')}: ${issue.message}`;
};

test('a configuration from before there were choices keeps its form: nothing is added to it', () => {
  const parsed = modelConfigSchema.parse({});
  // A checkpoint's hash is over these keys in this order.
  assert.equal(Object.keys(parsed), ['input', 'maximumSymbols', 'patchSize', 'tables', 'local', 'global', 'skipPath']);
  assert.equal(Object.keys(parsed.tables), ['sizes', 'rows', 'hashFunction']);
  assert.equal(patchingOf(parsed), { kind: 'static' });
  assert.is(ngramTables(parsed), 6);
  assert.is(queriesPerPatch(parsed), 2);
});

test('each patching goes with inputs that have what it looks at', () => {
  for (const [patching, inputs] of [
    [{ kind: 'static' }, ['symbols', 'bytes', 'text']],
    [{ kind: 'frame' }, ['symbols', 'bytes']],
    [{ kind: 'space' }, ['text']],
    [{ kind: 'entropy', model: 'runs/entropy' }, ['text']],
  ] as const) {
    for (const input of ['symbols', 'bytes', 'text'] as const) {
      const issue = issueOf({ input, patching });
      if ((inputs as readonly string[]).includes(input)) assert.is(issue, undefined);
      else assert.match(issue!, /^patching\.kind: .* patching goes with the input /);
    }
  }
});

test('the threshold of entropy patching is that of BLT, in nats', () => {
  const patching = patchingOf(modelConfigSchema.parse({ input: 'text', patching: { kind: 'entropy', model: 'm' } }));
  assert.equal(patching, { kind: 'entropy', model: 'm', threshold: 1.335442066192627, monotonic: false });
});

test('what cannot be is refused with its place', () => {
  assert.match(issueOf({ matryoshka: [64, 32] })!, /^matryoshka: dimensions must ascend/);
  assert.match(
    issueOf({ tables: { hashFunction: 10, hashFunctions: 2 } })!,
    /^tables\.hashFunctions: there are 11 hash functions/,
  );
  assert.match(issueOf({ pooling: 'first' })!, /^pooling: /);
  assert.match(issueOf({ patching: { kind: 'words' } })!, /^patching\.kind: /);
  assert.match(issueOf({ patching: { kind: 'frame', patchLength: 3 } })!, /^patching: .*patchLength/);
  assert.match(issueOf({ local: { dimension: 64, layers: 1, heads: 3 } })!, /^local\.heads: /);
});

test.run();
