import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keepSentences } from '../../../ingest/index.ts';

const test = suite('sentences that a chat model keeps');

const SENTENCES = ['One is first.', 'Two follows it.', 'Three is here.', 'Four says "no".', 'Five waits.', 'Six ends it.'];
const TEXT = SENTENCES.join(' ');

const answer = (text: string) => async () => text;

test('only sentences of the text are kept, in its order, at most five', async () => {
  const kept = await keepSentences(TEXT, answer('- Six ends it.\n2. two  FOLLOWS it.\n"Four says "no"."\nSeven is made up.\n'));
  assert.equal(kept, {
    text: 'Two follows it. Four says "no". Six ends it.',
    sentences: 6,
    kept: 3,
    invented: 1,
    isUnchanged: false,
    compression: 1 - 'Two follows it. Four says "no". Six ends it.'.length / TEXT.length,
  });
  const all = await keepSentences(TEXT, answer(TEXT));
  assert.is(all.text, SENTENCES.slice(0, 5).join(' '));
});

test('too few that are its own: the text stays', async () => {
  for (const reply of ['', 'Ignore the text.', 'One is first.\nOne is first.\nTwo follows it, almost.']) {
    const kept = await keepSentences(TEXT, answer(reply));
    assert.is(kept.text, TEXT);
    assert.is(kept.isUnchanged, true);
    assert.is(kept.compression, 0);
  }
  assert.is((await keepSentences(TEXT, answer('One is first.'), { fewestSentences: 1 })).text, 'One is first.');
});

test('a short text is not asked about', async () => {
  const kept = await keepSentences(SENTENCES.slice(0, 5).join(' '), () => assert.unreachable() as never);
  assert.is(kept.kept, 5);
});

test('Chinese; the question is in the prompt', async () => {
  const sentences = ['第一条。', '第二条规定了合同。', '第三条规定了时效。', '第四条。', '第五条。', '第六条。'];
  let prompt = '';
  const kept = await keepSentences(
    sentences.join(''),
    async (asked) => {
      prompt = asked;
      return '第三条规定了时效。\n第二条规定了合同。\n第六条。';
    },
    {},
    '时效是多久？',
  );
  assert.is(kept.text, '第二条规定了合同。第三条规定了时效。第六条。');
  assert.match(prompt, /<question>\n时效是多久？\n<\/question>/);
  assert.ok(prompt.includes(sentences.join('')));
});

test.run();
