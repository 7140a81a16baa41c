import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../../base/index.ts';
import { documentText, readBeir, readCorpus } from '../../../data/index.ts';
import { collect, errorOf, withTemporaryFolder, writeJsonl } from '../../fixtures/temporary-folder.ts';

const test = suite('BEIR folders');

async function writeBeir(folder: string, qrels = 'query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq2\td2\t1\n'): Promise<void> {
  await writeJsonl(join(folder, 'corpus.jsonl'), [
    { _id: 'd1', title: 'One', text: 'first' },
    { _id: 'd2', text: 'second' },
  ]);
  await writeJsonl(join(folder, 'queries.jsonl'), [
    { _id: 'q2', text: 'second query', metadata: {} },
    { _id: 'q1', text: 'first query' },
    { _id: 'q3', text: 'not judged' },
  ]);
  await mkdir(join(folder, 'qrels'), { recursive: true });
  await writeFile(join(folder, 'qrels', 'test.tsv'), qrels);
  await writeFile(join(folder, 'qrels', 'dev.tsv'), qrels);
}

test('documents, the queries that are judged, graded judgments', async () => {
  await withTemporaryFolder(async (folder) => {
    await writeBeir(folder);
    const data = await readBeir(folder, 'test');
    assert.equal(
      [...data.queries],
      [
        ['q2', 'second query'],
        ['q1', 'first query'],
      ],
    );
    assert.equal(
      [...data.qrels].map(([query, judged]) => [query, [...judged]]),
      [
        [
          'q1',
          [
            ['d1', 2],
            ['d2', 0],
          ],
        ],
        ['q2', [['d2', 1]]],
      ],
    );
    for (let pass = 0; pass < 2; pass++)
      assert.equal(
        (await collect(data.documents())).map(({ id }) => id),
        ['d1', 'd2'],
      );
    assert.equal((await collect(readCorpus(folder))).map(documentText), ['One first', 'second']);
  });
});

test('a split that is not there: those that are', async () => {
  await withTemporaryFolder(async (folder) => {
    await writeBeir(folder);
    const error = await errorOf(() => readBeir(folder, 'train'));
    assert.instance(error, UsageError);
    assert.is(error.code, 'BEIR_SPLIT');
    assert.ok(error.message.includes('dev, test'), error.message);
  });
});

test('judgments without header, and bad ones', async () => {
  await withTemporaryFolder(async (folder) => {
    await writeBeir(folder, 'q1\td1\t1\r\n');
    assert.equal([...(await readBeir(folder, 'test')).qrels.keys()], ['q1']);
    for (const [qrels, code] of [
      ['query-id\tcorpus-id\tscore\nq1 d1 1\n', 'BEIR_QRELS'],
      ['query-id\tcorpus-id\tscore\nq1\td1\thigh\n', 'BEIR_QRELS'],
      ['query-id\tcorpus-id\tscore\nq1\td1\t1.5\n', 'BEIR_QRELS'],
      ['query-id\tcorpus-id\tscore\n', 'BEIR_QRELS'],
      ['query-id\tcorpus-id\tscore\nq9\td1\t1\n', 'BEIR_QUERY'],
    ] as const) {
      await writeBeir(folder, qrels);
      assert.is((await errorOf(() => readBeir(folder, 'test'))).code, code, qrels);
    }
  });
});

test('a folder that is none', async () => {
  await withTemporaryFolder(async (folder) => {
    assert.is((await errorOf(() => readBeir(folder, 'test'))).code, 'BEIR_FOLDER');
  });
});

const scifact = fileURLToPath(new URL('../../../../shared/data/scifact-beir', import.meta.url));
if (existsSync(scifact)) {
  test('SciFact: 5,183 documents of 7,771,451 characters, 300 test queries (published figures)', async () => {
    const data = await readBeir(scifact, 'test');
    assert.is(data.queries.size, 300);
    assert.is(data.qrels.size, 300);
    let documents = 0;
    let characters = 0;
    for await (const document of data.documents()) {
      documents += 1;
      characters += [...documentText(document)].length;
    }
    assert.equal([documents, characters], [5183, 7_771_451]);
  });
} else {
  console.log('skipped: SciFact figures (no ../shared/data/scifact-beir beside the checkout)');
}

test('F20: a query that stands on two lines is refused with both, judged or not, the same or not', async () => {
  await withTemporaryFolder(async (folder) => {
    await writeBeir(folder);
    for (const again of ['q1', 'q3']) {
      await writeJsonl(join(folder, 'queries.jsonl'), [
        { _id: 'q2', text: 'second query' },
        { _id: 'q1', text: 'first query' },
        { _id: 'q3', text: 'not judged' },
        { _id: again, text: 'first query' },
      ]);
      const error = await errorOf(() => readBeir(folder, 'test'));
      assert.is(error.code, 'BEIR_DUPLICATE_QUERY');
      assert.match(
        error.message,
        again === 'q1' ? /queries\.jsonl:2 and .*queries\.jsonl:4/ : /queries\.jsonl:3 and .*queries\.jsonl:4/,
      );
      assert.match(error.message, JSON.stringify(again));
    }
  });
});

test('F20: a pair that is judged on two lines is refused with both, whether its grades differ or not', async () => {
  await withTemporaryFolder(async (folder) => {
    for (const [second, grades] of [
      ['0', 'with the grades 2 and 0'],
      ['2', 'with the same grade 2'],
    ] as const) {
      await writeBeir(folder, `query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n\nq2\td2\t1\nq1\td1\t${second}\n`);
      const error = await errorOf(() => readBeir(folder, 'test'));
      assert.is(error.code, 'BEIR_QRELS');
      assert.match(error.message, /test\.tsv:2 and .*test\.tsv:6/);
      assert.match(error.message, grades);
    }
  });
});

test('F03: ArguAna and Quora are known by the name of their folder', async () => {
  await withTemporaryFolder(async (folder) => {
    for (const [name, dropped] of [
      ['arguana', true],
      ['Quora', true],
      ['quora-beir', true],
      ['scifact', false],
      ['my-arguana-notes', false],
    ] as const) {
      const path = join(folder, name);
      await mkdir(path);
      await writeBeir(path);
      assert.is((await readBeir(path, 'test')).dropOwnId, dropped, name);
      assert.is((await readBeir(`${path}/`, 'test')).dropOwnId, dropped, name);
    }
  });
});

test.run();
