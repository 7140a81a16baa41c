import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openPostgres } from '../../../search/postgres/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { collectionsPlace, openPlace } from './open-collections.ts';

const test = suite('a collection that changes, in a PostgreSQL server');

const database = process.env['CEM_TEST_DATABASE_URL'];

if (database === undefined) console.log('skipped: collections in a PostgreSQL server (set CEM_TEST_DATABASE_URL)');
else {
  test('is made, changed, searched, opened again and deleted with its tables', async () => {
    const place = await collectionsPlace();
    const server = await openPostgres(database);
    const tables = async (): Promise<number> => {
      const [counted] = await server.query<{ tables: number }>(
        `select count(*)::integer as tables from pg_tables where tablename like 'cem\\_%\\_log'`,
      );
      return counted!.tables;
    };
    try {
      const before = await tables();
      let id = '';
      {
        await using collections = await openPlace(place, { database });
        await collections.create('served');
        const live = await collections.get('served');
        const [first] = await Promise.all([
          live.change({ put: [{ source: 'a.txt', content: 'The heron.', labels: ['staff'] }] }),
          live.search('heron', { k: 1, labels: 'everything', retrievers: 'bm25' }),
        ]);
        id = first.put[0]!.documents[0]!;
        await live.change({ put: [{ source: 'b.txt', content: 'The heron again.' }] });
      }
      await using collections = await openPlace(place, { database });
      const live = await collections.get('served');
      const found = async (labels: readonly string[]) =>
        (await live.search('heron', { k: 5, labels, retrievers: 'hybrid' })).map(({ text }) => text).sort();
      assert.equal([await found([]), await found(['staff'])], [['The heron again.'], ['The heron again.', 'The heron.']]);
      assert.equal([await live.document(id, []), (await live.document(id, ['staff']))?.source], [undefined, 'a.txt']);
      assert.equal(
        (await live.changes()).map(({ version }) => version),
        [2, 1],
      );
      assert.is(await tables(), before + 1);
      await collections.delete('served');
      assert.is(await tables(), before);
      assert.is((await errorOf(() => live.changes())).code, 'COLLECTION_MISSING');
    } finally {
      await server.close();
      await place.remove();
    }
  });
}

test.run();
