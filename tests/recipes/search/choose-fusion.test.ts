import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { chooseByQuestions, chooseBySentences, ndcg, type TuningQuery } from '../../../recipes/search/choose-fusion.ts';
import { queriesOfText, readTuningQuestions } from '../../../recipes/search/tuning-queries.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('choosing a fusion');

/** Rankings of ten documents where the answer, `a`, stands at these places; scores fall by a tenth a place. */
function query(words: number, vectors: number, number = 0): TuningQuery {
  const hits = (place: number, retriever: string) =>
    Array.from({ length: 10 }, (_, index) => ({
      document: index === place ? 'a' : `${retriever}${number}-${index}`,
      chunk: 0,
      passage: 0,
      score: 1 - index / 10,
      retriever,
    }));
  return {
    words: hits(words, 'bm25'),
    vectors: hits(vectors, 'vectors'),
    gold: new Set(['a']),
    namesOf: (document) => [document],
  };
}

test('nDCG of answers that have several names, each counted once', () => {
  const namesOf = (document: string) => [document, `${document}.md`];
  const hits = ['x', 'b', 'b', 'a'].map((document) => ({ document }));
  // Two answers: at places 2 and 4; the best possible places are 1 and 2.
  const expected = (1 / Math.log2(3) + 1 / Math.log2(5)) / (1 + 1 / Math.log2(3));
  assert.ok(Math.abs(ndcg(hits, { gold: new Set(['a.md', 'b']), namesOf }) - expected) < 1e-12);
  assert.is(ndcg(hits, { gold: new Set(), namesOf }), 0);
});

test('questions that vectors answer best get them a large weight, and questions that they spoil words alone', async () => {
  const random = new RandomNumbers(1, 'questions');
  // Words never have the answer before the second place, vectors always at the first.
  const semantic = Array.from({ length: 40 }, (_, number) => query(2 + random.integer(7), 0, number));
  const forVectors = await chooseByQuestions(semantic, 40);
  assert.is(forVectors.retrievers, 'hybrid');
  assert.ok(forVectors.fusion?.method !== 'dedup' && forVectors.fusion!.weights['vectors']! >= 1);
  assert.ok(forVectors.chosenOn.chosen > forVectors.chosenOn.words);
  assert.is(forVectors.chosenOn.vectors, 1);
  // Words have it first, and what vectors find first has a word's second place: any weight may only do harm.
  const exact = Array.from({ length: 40 }, (_, number): TuningQuery => {
    const { words, ...others } = query(0, 9, number);
    const [first, second, ...rest] = words;
    const near = [first!, { ...second!, document: `vectors${number}-0`, score: 0.99 }, ...rest];
    return { ...others, words: near };
  });
  const forWords = await chooseByQuestions(exact, 40);
  assert.is(forWords.retrievers, 'bm25');
  assert.is(forWords.fusion, undefined);
  assert.is(forWords.chosenOn.words, 1);
});

test('what is chosen on few questions must hold on those that it was not chosen on', async () => {
  const random = new RandomNumbers(3, 'noise');
  for (let trial = 0; trial < 10; trial++) {
    const noise = Array.from({ length: 6 }, (_, number) => query(random.integer(10), random.integer(10), number));
    const { chosenOn, retrievers, fusion } = await chooseByQuestions(noise, 6, trial);
    const isUnchosen = fusion?.method === 'weighted-scores' && fusion.weights['vectors'] === 0.2;
    assert.ok(isUnchosen || retrievers === 'bm25' || chosenOn.crossValidated! >= chosenOn.words);
  }
});

test('sentences: the largest weight that costs next to nothing, or words alone', async () => {
  const harmless = await chooseBySentences(
    Array.from({ length: 30 }, (_, number) => query(0, 0, number)),
    30,
  );
  assert.is(harmless.retrievers, 'hybrid');
  assert.ok(harmless.fusion?.method === 'weighted-scores' && harmless.fusion.weights['vectors'] === 0.5);
  const spoiled = Array.from({ length: 30 }, (_, number): TuningQuery => {
    const { words, ...others } = query(0, 9, number);
    return { ...others, words: [words[0]!, { ...words[1]!, document: `vectors${number}-0`, score: 0.999 }] };
  });
  const { retrievers, chosenOn } = await chooseBySentences(spoiled, 30);
  assert.is(retrievers, 'bm25');
  assert.equal([chosenOn.kind, chosenOn.words, chosenOn.chosen], ['sentences', 1, 1]);
});

test('queries out of a text: words of one sentence, in their order, English and Chinese', () => {
  const text = 'Short one.\nThe lantern of the lighthouse is lit by the keeper before the sun goes down.';
  const words = 'the lantern of the lighthouse is lit by the keeper before the sun goes down'.split(' ');
  const random = new RandomNumbers(1, 'texts');
  const queries = queriesOfText(text, random);
  // 15 words: 8 (7.5 rounded) and 5 (4.5 rounded).
  assert.equal(
    queries.map((query) => query.split(' ').length),
    [8, 5],
  );
  for (const query of queries) {
    let place = -1;
    for (const word of query.split(' ')) {
      place = words.indexOf(word, place + 1);
      assert.ok(place >= 0, query);
    }
  }
  const chinese = queriesOfText('灯塔由守灯人管理，守灯人应当在日落以前点灯，不得缺席。', random);
  assert.is(chinese.length, 2);
  for (const query of chinese) assert.not.match(query, /\s/u);
  assert.equal(queriesOfText('Too short.', random), []);
});

test('files of questions', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'dev.jsonl');
    await writeFile(
      path,
      '{"query": "how long?", "documents": "a.md"}\n\n{"query": "where?", "documents": ["b", "c"], "note": 1}\n',
    );
    assert.equal(await readTuningQuestions(path), [
      { text: 'how long?', gold: ['a.md'] },
      { text: 'where?', gold: ['b', 'c'] },
    ]);
    for (const wrong of ['', '{"query": "a"}', 'no json']) {
      await writeFile(path, wrong);
      assert.is((await errorOf(() => readTuningQuestions(path))).code, 'TUNE_QUESTIONS');
    }
  }));

test.run();
