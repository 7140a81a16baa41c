import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCollectionRequest, settingsOf } from '../../../server/schemas/collections.ts';

const test = suite('settings of a collection, as a request has them');

const groupsOf = (groups: unknown) => {
  const { settings } = createCollectionRequest.parse({ name: 'docs', settings: { groups } });
  return settingsOf(settings)?.groups;
};

test('vector groups: of words unless patches are asked for, as integers of a byte unless another form is', () => {
  assert.equal(groupsOf({}), { codec: 'int8', vectorizer: { strategy: 'token_pool_topK' } });
  assert.equal(groupsOf({ strategy: 'all_tokens', codec: 'float16' }), {
    codec: 'float16',
    vectorizer: { strategy: 'all_tokens' },
  });
  assert.equal(groupsOf({ strategy: 'patches', codec: 'residual2' }), { codec: 'residual2', patches: {} });
  assert.is(groupsOf(undefined), undefined);
});

test('a strategy that is none, a model and a head are refused: what a server loads is not a request to say', () => {
  for (const groups of [{ strategy: 'mean' }, { model: 'all-MiniLM-L6-v2' }, { head: 'runs/head' }])
    assert.not.ok(createCollectionRequest.safeParse({ name: 'docs', settings: { groups } }).success);
});

test.run();
