/** Pack, index, search. With the checkpoint that comes with the package, whose teacher is downloaded once (or lies below CEM_MODELS). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIndex, openSearcher, pack } from 'cem-rag';

const notes = fileURLToPath(new URL('notes', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'cem-first-'));
const corpus = join(folder, 'notes.zpkg');
const index = join(folder, 'notes.index');
try {
  // A folder of text files, a JSONL file, or a data set in BEIR layout such as these notes.
  await pack({ source: notes, output: corpus });
  await buildIndex({ corpus, index });
  await using searcher = await openSearcher(index);
  const [best] = await searcher.search('forgotten password', { k: 3 });
  console.log(`${best!.document}: ${best!.text.slice(0, 46)}`);
} finally {
  await rm(folder, { recursive: true });
}
