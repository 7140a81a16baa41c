import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseTexts, shareOut } from '../../../recipes/fetch-corpus/choose-texts.ts';
import { cutProse } from '../../../recipes/fetch-corpus/cut-prose.ts';
import { KeptOut } from '../../../recipes/fetch-corpus/kept-out.ts';
import { questionList } from '../../../recipes/fetch-corpus/question-list.ts';
import { compared, SeenTexts, shinglesOf } from '../../../recipes/fetch-corpus/shingles.ts';
import { WordCounts } from '../../../recipes/fetch-corpus/word-list.ts';

const ENGLISH = { tag: 'en', passageLength: 200, shortestPassage: 60 } as const;
const CHINESE = { tag: 'zh', passageLength: 60, shortestPassage: 20 } as const;

interface Context {
  folder: string;
}
const test = suite<Context>('choice of texts');
test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-kept-out-'));
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

const words = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `word${from + index}`).join(' ');

test('parts: who has fewer texts gives all of them, and the others share what is left', () => {
  // 100 for parts 1:1:2 are 25, 25, 50; the first has 5, so 95 are for 1:2.
  assert.equal(
    shareOut(100, [
      { part: 1, available: 5 },
      { part: 1, available: 1000 },
      { part: 2, available: 1000 },
      { part: 0, available: 1000 },
    ]),
    [5, 31, 63, 0],
  );
  assert.equal(shareOut(100, [{ part: 3, available: 7 }]), [7]);
});

test('near duplicates: half of the shingles are known; case and punctuation do not count', () => {
  // 20 words are 13 runs of 8; a text that shares its first 14 words shares 7 of them, one that shares 13 shares 6.
  const seen = new SeenTexts('en');
  assert.ok(seen.take(words(20)));
  assert.not.ok(seen.take(words(20).toUpperCase().replaceAll(' ', ', ')));
  assert.not.ok(seen.take(`${words(14)} ${words(6, 100)}`));
  assert.ok(seen.take(`${words(13)} ${words(7, 200)}`));
  assert.ok(seen.take('short'));
  assert.not.ok(seen.take('Short!'));
  assert.is(compared('  Ｔhe “end”, again. '), 'the end again');
});

test('shingles are those of plain loops', () => {
  const text = words(12);
  const slow = new Set<string>();
  const parts = text.split(' ');
  for (let index = 0; index + 8 <= parts.length; index++) slow.add(parts.slice(index, index + 8).join(' '));
  assert.is(new Set(shinglesOf(text, 'en')).size, slow.size);
  assert.equal(
    shinglesOf(text, 'en'),
    [...slow].map((run) => shinglesOf(run, 'en')[0]),
  );
  // Chinese: 20 characters are 5 runs of 16.
  assert.is(shinglesOf('一二三四五六七八九十甲乙丙丁戊己庚辛壬癸', 'zh').length, 5);
});

test('what an evaluation set has is kept out: a run of twelve words, and queries', async ({ folder }) => {
  const set = join(folder, 'set-beir');
  await mkdir(join(set, 'qrels'), { recursive: true });
  await writeFile(
    join(set, 'corpus.jsonl'),
    `${JSON.stringify({ _id: 'd1', text: words(30) })}\n${JSON.stringify({ _id: 'd2', text: words(30, 500) })}\n`,
  );
  await writeFile(join(set, 'queries.jsonl'), `${JSON.stringify({ _id: 'q1', text: 'what is a word' })}\n`);
  await writeFile(join(set, 'qrels', 'test.tsv'), 'query-id\tcorpus-id\tscore\nq1\td1\t1\n');
  await mkdir(join(folder, 'squad'));
  const paragraphs = [{ context: '一一一二三四五六七八九十甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳', qas: [{ question: '谁？' }] }];
  await writeFile(join(folder, 'squad', 'zh.json'), JSON.stringify({ data: [{ paragraphs }] }));

  const all = await KeptOut.read([{ name: 'set-beir' }, { name: 'absent' }], folder, ENGLISH);
  assert.equal(all.sets, ['set-beir']);
  assert.is(all.setOf(`before ${words(12, 5)} behind`), 'set-beir');
  assert.is(all.setOf(`before ${words(11, 5)} behind`), undefined);
  assert.is(all.setOf('What is a word?'), 'set-beir');
  assert.is(all.setOf(words(20, 505)), 'set-beir');
  const judged = await KeptOut.read([{ name: 'set-beir', splits: ['test'] }], folder, ENGLISH);
  assert.is(judged.setOf(words(20, 505)), undefined);
  const queries = await KeptOut.read([{ name: 'set-beir', queriesOnly: true }], folder, ENGLISH);
  assert.equal([queries.setOf(words(20, 5)), queries.setOf('what is a word')], [undefined, 'set-beir']);
  const squad = await KeptOut.read([{ name: 'squad', squad: 'zh.json' }], folder, CHINESE);
  assert.equal([squad.setOf('谁？'), squad.setOf('什么？')], ['squad', undefined]);
  assert.is(squad.setOf(`前${paragraphs[0]!.context.slice(2)}后`), 'squad');

  const [taken] = chooseTexts([{ source: 'a', part: 1, texts: [words(15, 3), words(15, 900), words(15, 900)] }], 3, {
    language: ENGLISH,
    keptOut: all,
    seed: 1,
    onProgress: () => undefined,
  });
  assert.equal(taken, { source: 'a', texts: [words(15, 900)], duplicates: 1, keptOut: { 'set-beir': 1 } });
});

test('prose is cut between paragraphs and sentences, and nothing is lost', () => {
  const sentence = (number: number) => `This is the sentence with the number ${number} of a text that is cut.`;
  const short = 'A paragraph that is wrapped\nover two lines.';
  const text = `${short}\n\n${Array.from({ length: 12 }, (_, index) => sentence(index)).join(' ')}\n\nThe end is a short paragraph.`;
  const passages = cutProse(text, ENGLISH);
  assert.ok(passages.length > 3);
  assert.is(passages.join(' ').replaceAll('\n', ' '), text.replaceAll(/\s+/g, ' '));
  for (const passage of passages)
    assert.ok(passage.length >= ENGLISH.shortestPassage && passage.length <= 1.6 * ENGLISH.passageLength, passage);
  assert.equal(cutProse('Too short.', ENGLISH), []);
  assert.equal(cutProse('这是一段折行的文字，它有\n足够的长度，可以作为一个段落。', CHINESE), [
    '这是一段折行的文字，它有足够的长度，可以作为一个段落。',
  ]);
});

test('words: by frequency, capitals only of names, then names of several words', () => {
  const counts = new WordCounts(ENGLISH);
  for (let index = 0; index < 3; index++) counts.add("The dog and the cat don't see the well-known Paris.");
  counts.add('rare');
  // the 6, The 3: it began sentences. Two thirds of six places are counted words.
  assert.equal(counts.list(6, ['guinea pig', 'dog', 'x']), ['the', 'dog', 'and', 'cat', 'guinea pig', "don't"]);
  assert.ok(counts.list(100, []).includes('Paris'));
  assert.not.ok(counts.list(100, []).includes('rare'));
  const chinese = new WordCounts(CHINESE);
  for (let index = 0; index < 3; index++) chinese.add('中国的法律');
  assert.ok(chinese.list(10, []).includes('法律'));
});

test('questions: the forms in turn, each about terms of its own', () => {
  const names = Array.from({ length: 40 }, (_, index) => `term${index}`);
  const questions = questionList(names, ENGLISH, 16, 1);
  assert.is(new Set(questions).size, 16);
  assert.ok(questions.every((question) => /term\d+/.test(question) && !question.includes('%')));
  assert.ok(questionList(names, ENGLISH, 1000, 1).length <= 40);
});

test.run();
