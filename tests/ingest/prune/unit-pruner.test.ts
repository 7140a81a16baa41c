import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError, RandomNumbers } from '../../../base/index.ts';
import { DynamicUnitPruner, embeddingScorer, lexicalScorer, openTokenCounter, type TokenCounter } from '../../../ingest/index.ts';
import { segmentsOf } from '../../../ingest/prune/segments.ts';

const test = suite('pruning to a budget');

const words: TokenCounter = { name: 'words', count: (text) => text.match(/\S+/g)?.length ?? 0 };

const TABLE = '| a | b |\n| --- | --- |\n| 1 | 2 |';
const CODE = '```ts\nconst a = 1;\n\n# no heading\n```';

test('segments: paragraphs, tables and code; a heading belongs to what follows it', () => {
  const markdown = `# Title\n\n## Part\n\nOne.\nTwo.\n\n${TABLE}\n\n### Code\n\n${CODE}\n\n- a\n- b\n\n# End`;
  assert.equal(
    segmentsOf(markdown).map(({ text, isWhole }) => [text, isWhole]),
    [
      ['# Title\n\n## Part\n\nOne.\nTwo.', false],
      [TABLE, true],
      [`### Code\n\n${CODE}`, true],
      ['- a\n- b', false],
      ['# End', false],
    ],
  );
  assert.equal(segmentsOf(' \n\n'), []);
});

/** The rules in plain loops, for segments of prose whose sentences are five words. */
function slowly(segments: readonly string[], scores: readonly number[], target: number): string[] {
  const kept: string[] = segments.map(() => '');
  let left = target;
  for (const number of [...segments.keys()].sort((a, b) => scores[b]! - scores[a]!)) {
    const sentences = segments[number]!.split(/(?<=\.) /);
    const fitting = left < 16 ? 0 : Math.floor(left / 5);
    if (5 * sentences.length <= left) {
      kept[number] = segments[number]!;
      left -= 5 * sentences.length;
    } else {
      kept[number] = sentences.slice(0, fitting).join(' ');
      break;
    }
  }
  return kept.filter((text) => text !== '');
}

test('random segments and scores are kept as plain loops keep them', async () => {
  const random = new RandomNumbers(2, 'pruning');
  for (let number = 0; number < 100; number++) {
    const segments = Array.from({ length: 2 + random.integer(12) }, (_, segment) =>
      Array.from({ length: 1 + random.integer(8) }, (_, sentence) =>
        `Words of ${segment} and${sentence}.`.replace('Words', 'Words here'),
      ).join(' '),
    );
    const scores = segments.map(() => random.uniform());
    const targetTokens = 16 + random.integer(120);
    const text = segments.join('\n\n');
    const pruned = await new DynamicUnitPruner(words, { targetTokens }, () => scores).prune(text);
    if (words.count(text) <= targetTokens) assert.is(pruned.text, text);
    else assert.is(pruned.text, slowly(segments, scores, targetTokens).join('\n\n'), String(number));
    assert.ok(pruned.tokens <= targetTokens);
    assert.is(pruned.tokens, words.count(pruned.text));
    assert.is(pruned.compression, 1 - pruned.tokens / pruned.before);
  }
});

test('tables and code are left out rather than cut, unless there is nothing else', async () => {
  const rows = Array.from({ length: 20 }, (_, row) => `| r${row} | ${row} |`).join('\n');
  const table = `| a | b |\n| --- | --- |\n${rows}`;
  const pruner = new DynamicUnitPruner(words, { targetTokens: 30 }, (segments) =>
    segments.map((segment) => (segment.includes('|') ? 2 : 1)),
  );
  const { text, kept } = await pruner.prune(`${table}\n\nA paragraph of some words.`);
  assert.is(text, 'A paragraph of some words.');
  assert.equal(kept, [1]);
  const only = await pruner.prune(table);
  assert.ok(only.tokens > 0 && only.tokens <= 30);
  assert.is(only.truncated, 0);
});

test('by words without a model: what the query asks for, or what the unit is about; English and Chinese', async () => {
  const counter = await openTokenCounter();
  const english = [
    'The cat sat on the mat and the cat slept.',
    'A refund is paid within thirty days of the claim.',
    'Cats sleep most of the day, says the keeper of the cat.',
  ];
  const chinese = ['合同自成立时生效。', '监护人应当保护被监护人的人身权利。', '当事人订立合同，可以采用书面形式。'];
  for (const [texts, query, best] of [
    [english, 'when is the refund paid?', 1],
    [chinese, '监护人有什么责任', 1],
  ] as const) {
    const scores = Array.from(await lexicalScorer()(texts, query));
    assert.is(scores.indexOf(Math.max(...scores)), best);
    const own = Array.from(await lexicalScorer()(texts));
    assert.is(own.indexOf(Math.min(...own)), 1, 'what has nothing to do with the others');
  }
  const text = english.join('\n\n');
  const pruned = await new DynamicUnitPruner(counter, { targetTokens: 16 }).prune(text, 'refund claim');
  assert.is(pruned.text, english[1]);
  assert.ok(pruned.compression > 0.5);
});

test('by vectors; wrong scores are an error', async () => {
  const vectors = (texts: readonly string[]) =>
    Promise.resolve({
      rows: texts.length,
      dimension: 2,
      data: Float32Array.from(texts.flatMap((text) => (text.includes('b') ? [0, 1] : [1, 0]))),
    });
  const scorer = embeddingScorer({ embedDocuments: vectors, embedQueries: vectors });
  assert.equal(Array.from(await scorer(['a', 'b', 'a'], 'b')), [0, 1, 0]);
  // The sum of all is (2, 1).
  assert.equal(Array.from(await scorer(['a', 'b', 'a'])), [2, 1, 2]);
  for (const scores of [[1], [1, Number.NaN]]) {
    try {
      await new DynamicUnitPruner(words, { targetTokens: 16 }, () => scores).prune(`${'a '.repeat(20)}\n\nb`);
      assert.unreachable();
    } catch (error) {
      assert.ok(isCemError(error, 'PRUNE_SCORES'));
    }
  }
});

test.run();
