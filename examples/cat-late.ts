/** Decompresses only what is shown: chunks are encoded and ranked as they are stored, and one text is read in the end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCorpus, openEncoder, pack } from 'cem-rag';
import { createDecompressor } from 'cem-rag/zpkg';

const notes = fileURLToPath(new URL('notes', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'cem-late-'));
const path = join(folder, 'notes.zpkg');
try {
  await pack({ source: notes, output: path });

  let decompressed = 0;
  const decompressor = (dictionary: Uint8Array) => {
    const codec = createDecompressor(dictionary);
    const decompress = (frame: Uint8Array): Uint8Array => {
      decompressed++;
      return codec.decompress(frame);
    };
    return { decompress };
  };
  await using corpus = await openCorpus(path, { decompressor });
  await using encoder = await openEncoder();

  const ids = [...corpus.ids()];
  const encoded = encoder.over(corpus);
  const { data, owners, dimension } = await encoded.encodeCorpus(ids);
  const { data: query } = await encoded.encodeQueries(['connections returned pool']);
  const cosine = (row: number): number => query.reduce((sum, value, place) => sum + value * data[row * dimension + place]!, 0);
  const rows = [...owners.keys()].sort((one, other) => cosine(other) - cosine(one));
  console.log(`${rows.length} chunks encoded and ranked, ${decompressed} decompressed`);

  const best = ids[owners[rows[0]!]!]!;
  const text = await corpus.documentById(best);
  console.log(`${decompressed} decompressed: ${text.slice(0, 15)}`);
} finally {
  await rm(folder, { recursive: true });
}
