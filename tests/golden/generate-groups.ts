// Writes the golden files of vector groups: `node --import tsx tests/golden/generate-groups.ts`. Run it only together with a change of GROUPS.md and of the version, or of a strategy.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createVectorizer, vectorGroup } from '../../encoders/index.ts';
import { GROUP_CODECS, openGroupCodec, writeCodebook } from '../../search/rerank/index.ts';
import { GROUP_DIMENSION, goldenCodebook, goldenText, randomRows } from './groups-content.ts';

const folder = fileURLToPath(new URL('./groups/', import.meta.url));
await mkdir(folder, { recursive: true });
const codebook = writeCodebook(goldenCodebook());
await writeFile(`${folder}v1-codebook.bin`, codebook);
const group = vectorGroup(randomRows(3, GROUP_DIMENSION, 'golden group'), GROUP_DIMENSION);
for (const kind of GROUP_CODECS)
  await writeFile(`${folder}v1-${kind}.bin`, openGroupCodec(kind, GROUP_DIMENSION, codebook).encode(group));
const strategies = [
  { strategy: 'token_pool_topK', k: 3 },
  { strategy: 'cluster_centers_r', r: 2, seed: 7 },
  { strategy: 'all_tokens' },
] as const;
const made = strategies.map((input) => {
  const { words, data } = createVectorizer(input).vectorize(goldenText());
  return { input, words, data: [...data] };
});
await writeFile(`${folder}strategies.json`, `${JSON.stringify(made)}\n`);
