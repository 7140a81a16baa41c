/** A store of one's own: here the one of this process's memory, which also counts what is asked of it. `VectorStore` says what a store must do. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCorpus, openEncoder, pack } from 'cem-rag';
import { synchroniseIndex } from 'cem-rag/rag';
import type { VectorStore } from 'cem-rag/search';
import { ExactStore } from 'cem-rag/search/exact';

class CountingStore extends ExactStore implements VectorStore {
  written = 0;
  searches = 0;

  override async upsert(rows: Parameters<VectorStore['upsert']>[0]): Promise<void> {
    await super.upsert(rows);
    this.written += rows.length;
  }

  override search(...question: Parameters<VectorStore['search']>): ReturnType<VectorStore['search']> {
    this.searches++;
    return super.search(...question);
  }
}

const notes = fileURLToPath(new URL('notes', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'cem-store-'));
const path = join(folder, 'notes.zpkg');
try {
  await pack({ source: notes, output: path });
  await using corpus = await openCorpus(path);
  await using encoder = await openEncoder();
  const store = new CountingStore(encoder.description.dimension);

  // Every chunk once; the second call finds all of them there already.
  await synchroniseIndex(corpus, encoder, store);
  await synchroniseIndex(corpus, encoder, store);
  const { data: query } = await encoder.encodeQueries(['log files rotated']);
  const [best] = await store.search(query, { k: 1 });
  console.log(`${store.written} rows written, ${store.searches} search: ${best!.document}`);
} finally {
  await rm(folder, { recursive: true });
}
