/** Answers over HTTP. In a program of one's own the server stays open; here one question is asked, and it closes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIndex, isCemError, pack, serve } from 'cem-rag';

const notes = fileURLToPath(new URL('notes', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'cem-serve-'));
const corpus = join(folder, 'notes.zpkg');
const index = join(folder, 'notes.index');
try {
  await serve({ index }).catch((error: unknown) => {
    if (!isCemError(error, 'INDEX_MISSING')) throw error;
    console.log('there is no index yet');
  });
  await pack({ source: notes, output: corpus });
  await buildIndex({ corpus, index });

  await using server = await serve({ index, port: 0 });
  const response = await fetch(`${server.address}/v1/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'certificate renewed web server', k: 1 }),
  });
  const { results } = (await response.json()) as { results: { id: string; score: number }[] };
  console.log(`${response.status}: ${results[0]!.id}`);
} finally {
  await rm(folder, { recursive: true });
}
