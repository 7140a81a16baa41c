import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { countTerms } from '../../../base/index.ts';
import { documentText, readBeir } from '../../../data/index.ts';
import { Bm25Retriever, type LexicalUnit } from '../../../search/index.ts';
import { type AnalyzerInput, openAnalyzer } from '../../../search/lexical/index.ts';
import { openPglite, openPostgres, PgvectorStore, PostgresBm25Retriever } from '../../../search/postgres/index.ts';

const data = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
const serverUrl = process.env['CEM_TEST_DATABASE_URL'];
const databases = { PGlite: () => openPglite(), ...(serverUrl !== undefined && { PostgreSQL: () => openPostgres(serverUrl) }) };
if (serverUrl === undefined) console.log('skipped: BM25 of corpora in PostgreSQL (set CEM_TEST_DATABASE_URL)');

const test = suite('BM25 in the database and in memory');
/** Of each set; the others ask the same of the code. */
const QUERIES = 60;
/** What the requirements allow a score to differ. */
const TOLERANCE = 1e-6;

const SETS: readonly (readonly [folder: string, analyzer: AnalyzerInput, k1: number, b: number])[] = [
  ['cranfield-beir', { kind: 'words' }, 0.9, 0.4],
  ['qmsum-beir', { kind: 'words' }, 1.2, 0.75],
  ['law-zh-beir', { kind: 'characters' }, 2, 0.75],
  ['scifact-beir', { kind: 'words' }, 0.9, 0.4],
];

for (const [folder, input, k1, b] of SETS) {
  if (!existsSync(`${data}${folder}`)) {
    process.stdout.write(`skipped: BM25 of ${folder} in the database (not at ${data})\n`);
    continue;
  }
  for (const [kind, open] of Object.entries(databases)) {
    test(`${folder} in ${kind}: the same documents, scores equal to 1e-6`, async () => {
      const { documents, queries } = await readBeir(`${data}${folder}`, 'test');
      const analyzer = await openAnalyzer(input);
      const units: LexicalUnit[] = [];
      for await (const document of documents())
        units.push({ document: document.id, chunk: units.length, passage: 0, text: documentText(document) });
      const name = `t${randomBytes(6).toString('hex')}`;
      const terms = { analyzer: analyzer.settings, k1, b };
      const store = await PgvectorStore.open(await open(), { dimension: 1, name, terms });
      for (let first = 0; first < units.length; first += 1000) {
        await store.upsert(
          units.slice(first, first + 1000).map(({ document, chunk, text }) => ({
            document,
            chunk: chunk!,
            passage: 0,
            vector: Float32Array.of(1),
            fingerprint: '',
            terms: countTerms(analyzer.terms(text)),
          })),
        );
      }
      await store.finishWriting();
      const inDatabase = new PostgresBm25Retriever(store.terms!, analyzer);
      const inMemory = await Bm25Retriever.create(units, { tokenize: analyzer.terms, k1, b });
      const asked = [...queries.values()].slice(0, QUERIES);
      const [found, expected] = [await inDatabase.search(asked, { k: 20 }), await inMemory.search(asked, { k: 20 })];
      assert.ok(expected.flat().length > 10 * asked.length);
      found.forEach((hits, query) => {
        assert.equal(
          hits.map(({ document }) => document),
          expected[query]!.map(({ document }) => document),
        );
        for (const [rank, { score }] of hits.entries()) assert.ok(Math.abs(score - expected[query]![rank]!.score) <= TOLERANCE);
      });
      await store.drop();
      await store.close();
    });
  }
}

test.run();
