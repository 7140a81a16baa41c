/** BM25 and vectors, fused by chunk: a chunk's score is the sum of 1 / (60 + its rank) over both (Cormack et al. 2009). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIndex, openSearcher, pack, readCorpus } from 'cem-rag';
import { chunkTexts, DocumentReader } from 'cem-rag/data';
import { Bm25Retriever, type Hit, type LexicalUnit } from 'cem-rag/search';

const DEPTH = 10;
const RANK_CONSTANT = 60;

function fuse(rankings: readonly (readonly Pick<Hit, 'document' | 'chunk'>[])[]): string[] {
  const scores = new Map<string, number>();
  for (const ranking of rankings)
    for (const [rank, { document, chunk }] of ranking.entries()) {
      const key = `${document}, chunk ${chunk}`;
      scores.set(key, (scores.get(key) ?? 0) + 1 / (RANK_CONSTANT + rank + 1));
    }
  return [...scores].sort(([, one], [, other]) => other - one).map(([key]) => key);
}

/** Words are taken from the texts that were packed: nothing is decompressed for BM25. */
async function* units(source: string, packed: string): AsyncGenerator<LexicalUnit> {
  await using reader = await DocumentReader.open(packed);
  for await (const { id, chunk, text } of chunkTexts(readCorpus(source), reader)) yield { document: id, chunk, text };
}

const notes = fileURLToPath(new URL('notes', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'cem-hybrid-'));
const corpus = join(folder, 'notes.zpkg');
const index = join(folder, 'notes.index');
try {
  await pack({ source: notes, output: corpus });
  await buildIndex({ corpus, index });
  const words = await Bm25Retriever.create(units(notes, corpus));
  await using searcher = await openSearcher(index);

  const query = 'lost laptop keys revoked';
  const [byWords] = await words.search([query], { k: DEPTH });
  const byVectors = await searcher.search(query, { k: DEPTH });
  const fused = fuse([byWords!, byVectors]);
  console.log(`by words ${byWords![0]!.document}, by vectors ${byVectors[0]!.document}, fused ${fused[0]}`);
} finally {
  await rm(folder, { recursive: true });
}
