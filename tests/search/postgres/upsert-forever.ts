/**
 * `node --import tsx tests/search/postgres/upsert-forever.ts URL NAME`: writes batch after batch into a store and says the number of each when it has been acknowledged,
 * until it is killed.
 */

import { PgvectorStore } from '../../../search/postgres/pgvector-store.ts';
import { openPostgres } from '../../../search/postgres/postgres-driver.ts';
import { batchRows, DIMENSION } from '../vector-batches.ts';

const [url, name] = process.argv.slice(2);
const store = await PgvectorStore.open(await openPostgres(url!), { dimension: DIMENSION, name: name! });
for (let batch = 0; ; batch++) {
  await store.upsert(batchRows(batch));
  process.stdout.write(`${batch}\n`);
}
