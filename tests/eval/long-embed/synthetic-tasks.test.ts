import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { readBeir } from '../../../data/index.ts';
import type { Encoder } from '../../../encoders/index.ts';
import {
  evaluate,
  generateNeedle,
  generatePasskey,
  LONG_EMBED_LENGTHS,
  makeHaystack,
  type SyntheticTask,
  writeSyntheticTask,
} from '../../../eval/index.ts';
import { ExactRetriever } from '../../../search/exact/index.ts';
import { Bm25Retriever, wholeDocuments } from '../../../search/lexical/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('Passkey and Needle');

/** Sentences of made-up words; 30,000 words are more than a document of 32768 tokens takes. */
const HAYSTACK = makeHaystack(
  Array.from({ length: 60 }, (_, text) => {
    const random = new RandomNumbers(7, `text ${text}`);
    const word = (): string => `w${random.integer(2000)}`;
    return Array.from({ length: 50 }, () => `${Array.from({ length: 10 }, word).join(' ')}.`).join(' ');
  }),
);

const words = (text: string): string[] => text.split(/\s+/);
const textsOf = (task: SyntheticTask): Map<string, string> => new Map(task.documents.map(({ id, text }) => [id, text]));
const dataOf = ({ queries, documents }: SyntheticTask) => ({
  ids: documents.map(({ id }) => id),
  queries: new Map(queries.map(({ id, text }) => [id, text])),
  qrels: new Map(queries.map(({ id, relevant }) => [id, new Map([[relevant, 1]])])),
});

for (const length of LONG_EMBED_LENGTHS) {
  test(`length ${length}: 100 documents that fill it, 50 queries for different ones`, () => {
    for (const task of [generatePasskey(length, 3), generateNeedle(length, 3, HAYSTACK)]) {
      assert.is(task.documents.length, 100);
      assert.is(task.queries.length, 50);
      assert.is(new Set(task.queries.map(({ relevant }) => relevant)).size, 50);
      assert.is(new Set(task.documents.map(({ text }) => text)).size, 100);
      for (const { text } of task.documents) {
        const count = words(text).length;
        // The longest filler sentence has four words: what is left has no room for the next one.
        assert.ok(count <= length * 0.75 && count > length * 0.75 - 5, `${count} words at ${length} tokens`);
      }
    }
  });
}

test('a key or fact stands in its own document only, at places that differ', () => {
  const passkey = generatePasskey(1024, 1);
  const places = passkey.queries.map(({ text, relevant }) => {
    const name = /^what is the passkey for (.+)\?$/.exec(text)![1]!;
    const holders = passkey.documents.filter((document) => document.text.includes(`${name}'s pass key is `));
    assert.equal(
      holders.map(({ id }) => id),
      [relevant],
    );
    const key = /pass key is (\d{5})\. Remember it\. (\d{5}) is the pass key for/.exec(holders[0]!.text)!;
    assert.is(key[1], key[2]);
    return holders[0]!.text.indexOf(name) / holders[0]!.text.length;
  });
  assert.ok(Math.min(...places) < 0.2 && Math.max(...places) > 0.8, 'keys stand near the start and near the end');

  const needle = generateNeedle(1024, 1, HAYSTACK);
  for (const { text, relevant } of needle.queries) {
    // The question's own name is the one word that the haystack and the other facts lack.
    const subject = words(text.replace(/[?]|'s soup/g, ''))
      .filter((word) => /^[A-Z]/.test(word))
      .slice(1)
      .join(' ');
    const holders = needle.documents.filter((document) => document.text.includes(subject));
    assert.equal(
      holders.map(({ id }) => id),
      [relevant],
      subject,
    );
  }
});

test('the same seed gives the same bytes; another seed, length or haystack gives others', () =>
  withTemporaryFolder(async (folder) => {
    const bytes = async (name: string, task: SyntheticTask): Promise<string> => {
      await writeSyntheticTask(task, join(folder, name));
      const files = (await readdir(join(folder, name), { recursive: true })).sort();
      assert.equal(files, ['corpus.jsonl', 'long-embed.json', 'qrels', 'qrels/test.tsv', 'queries.jsonl']);
      const texts = files.filter((file) => file.includes('.')).map((file) => readFile(join(folder, name, file), 'utf8'));
      return (await Promise.all(texts)).join('\0');
    };
    const others = makeHaystack(['Nothing but this. '.repeat(500)]);
    for (const [kind, make] of [
      ['passkey', (length: number, seed: number) => generatePasskey(length, seed)],
      ['needle', (length: number, seed: number) => generateNeedle(length, seed, HAYSTACK)],
    ] as const) {
      const first = await bytes(`${kind}-1`, make(512, 5));
      assert.is(await bytes(`${kind}-2`, make(512, 5)), first);
      assert.is.not(await bytes(`${kind}-3`, make(512, 6)), first);
    }
    const [one, other] = [generateNeedle(512, 5, HAYSTACK), generateNeedle(512, 5, others)];
    assert.equal(one.queries, other.queries);
    assert.is.not(one.documents[0]!.text, other.documents[0]!.text);
  }));

test('what is written is a BEIR folder, and is not overwritten', () =>
  withTemporaryFolder(async (folder) => {
    const task = generatePasskey(256, 0);
    const place = join(folder, 'passkey', '256');
    await writeSyntheticTask(task, place);
    const { queries, qrels, documents } = await readBeir(place, 'test');
    assert.equal([queries.size, qrels.size], [50, 50]);
    let count = 0;
    for await (const { id, text } of documents()) assert.equal({ id, text }, task.documents[count++]);
    assert.is(count, 100);
    assert.is((await errorOf(() => writeSyntheticTask(task, place))).code, 'LONG_EMBED_EXISTS');
    assert.equal(await readdir(join(folder, 'passkey')), ['256']);
  }));

test('an encoder that tells no document from another scores at chance', async () => {
  const constant: Encoder = {
    description: { id: 'constant', revision: '1', dimension: 1, settings: {} },
    encodeQueries: async (texts) => ({ rows: texts.length, dimension: 1, data: new Float32Array(texts.length).fill(1) }),
    encodeCorpus: async (ids) => ({
      rows: ids.length,
      dimension: 1,
      data: new Float32Array(ids.length).fill(1),
      owners: Int32Array.from(ids.keys()),
    }),
  };
  const accuracies: number[] = [];
  for (let seed = 0; seed < 200; seed++) {
    const data = dataOf(generatePasskey(256, seed));
    const { rows } = await evaluate({ ...data, retrievers: [await ExactRetriever.create(constant, data.ids)], depth: 1 });
    accuracies.push(rows[0]!.average['precision_at_1']!);
  }
  // Ties go to the greatest id, which one query of 50 asks for or none: 0.02 or 0, each with probability one half.
  assert.equal([...new Set(accuracies)].sort(), [0, 0.02]);
  const mean = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
  // Its standard error is 0.01 / sqrt(200) = 0.0007; four of them on either side of 1 in 100.
  assert.ok(Math.abs(mean - 0.01) < 4 * 0.0007, `mean accuracy ${mean}`);
});

test('BM25 finds names at every length', async () => {
  for (const length of LONG_EMBED_LENGTHS) {
    for (const task of [generatePasskey(length, 0), generateNeedle(length, 0, HAYSTACK)]) {
      const { rows } = await evaluate({
        ...dataOf(task),
        retrievers: [await Bm25Retriever.create(wholeDocuments(textsOf(task)))],
        depth: 1,
      });
      assert.ok(rows[0]!.average['precision_at_1']! >= 0.98, `${task.name} ${length}`);
    }
  }
});

test('no room, and too little text, are refused by name', async () => {
  assert.is((await errorOf(async () => generatePasskey(16, 0))).code, 'LONG_EMBED_LENGTH');
  assert.is((await errorOf(async () => generateNeedle(8, 0, HAYSTACK))).code, 'LONG_EMBED_LENGTH');
  const error = await errorOf(async () => generateNeedle(256, 0, makeHaystack(['Too little text.'])));
  assert.is(error.code, 'LONG_EMBED_HAYSTACK');
  assert.match(error.message, '3 words');
  assert.is((await errorOf(async () => generateNeedle(256, 0, makeHaystack([])))).code, 'LONG_EMBED_HAYSTACK');
});

test.run();
