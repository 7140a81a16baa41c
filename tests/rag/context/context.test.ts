import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import { filterByTopics, longContextOrder } from '../../../rag/index.ts';

const test = suite("a reader's context");

test('the best at both ends', () => {
  const order = (count: number): number[] => longContextOrder(Array.from({ length: count }, (_, rank) => rank));
  assert.equal(order(8), [0, 2, 4, 6, 7, 5, 3, 1]);
  assert.equal(order(5), [0, 2, 4, 3, 1]);
  for (const few of [0, 1, 2, 3])
    assert.equal(
      order(few),
      Array.from({ length: few }, (_, rank) => rank),
    );
  for (let count = 4; count < 40; count++) {
    const places = order(count);
    assert.equal(
      [...places].sort((a, b) => a - b),
      Array.from({ length: count }, (_, rank) => rank),
    );
    // From the ends inwards ranks get worse.
    for (let place = 1; place < count / 2; place++) {
      assert.ok(places[place]! > places[place - 1]!);
      assert.ok(places[count - 1 - place]! > places[count - place]!);
    }
  }
});

const SHIPS = [
  'The harbour pilot boarded the ship and the ship left the harbour with the tide.',
  'A ship in the harbour waits for the pilot when the tide is low.',
  'The pilot knows the tide, the harbour and every ship.',
];
const BREAD = [
  'Bakers knead the dough and let the dough rise before the oven is hot.',
  'The oven bakes the bread, and the dough becomes bread with yeast and flour.',
  'Yeast and flour make the dough that the bakers bake in the oven.',
];

test('paragraphs about what the query is about are kept, in their texts and in order', async () => {
  const texts = [`${SHIPS[0]}\n\n${BREAD[0]}\n \n${SHIPS[1]}`, `${BREAD[1]}\n\n${BREAD[2]}`, SHIPS[2]!];
  const filtered = await filterByTopics('which tide does the ship in the harbour need', texts, { topics: 2 });
  assert.equal(filtered, { texts: [`${SHIPS[0]}\n\n${SHIPS[1]}`, '', SHIPS[2]!], paragraphs: 6, kept: 3 });
  assert.equal(await filterByTopics('which tide does the ship in the harbour need', texts, { topics: 2 }), filtered);
  const other = await filterByTopics('yeast in bread dough from the oven', texts, { topics: 2 });
  assert.equal(other.texts, [BREAD[0], `${BREAD[1]}\n\n${BREAD[2]}`, '']);
});

test('Chinese texts', async () => {
  const marriage = ['夫妻婚姻，婚姻家庭，夫妻忠实。', '夫妻离婚，婚姻财产，夫妻家庭。', '婚姻家庭，夫妻平等，离婚夫妻。'];
  const contract = [
    '合同成立后当事人应当履行合同义务。',
    '当事人订立合同采用书面形式，合同生效。',
    '违反合同的当事人承担合同责任。',
  ];
  const { texts } = await filterByTopics('夫妻婚姻', [[...marriage, ...contract].join('\n\n')], { topics: 2 });
  assert.is(texts[0], marriage.join('\n\n'));
});

test('nothing to go by: the texts stay as they are', async () => {
  for (const [query, texts] of [
    ['quasar', SHIPS],
    ['', SHIPS],
    ['ship', []],
    ['ship', ['', ' \n\n ']],
  ] as const) {
    const filtered = await filterByTopics(query, texts);
    assert.equal(filtered.texts, texts);
    assert.is(filtered.kept, filtered.paragraphs);
  }
  // No product of shares is above 1.
  assert.equal((await filterByTopics('ship', SHIPS, { threshold: 1 })).texts, SHIPS);
  try {
    await filterByTopics('ship', SHIPS, { topics: 0 });
    assert.unreachable();
  } catch (error) {
    assert.ok(isCemError(error, 'RAG_TOPICS'));
  }
});

test.run();
