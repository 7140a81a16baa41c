/**
 * `node --import tsx bench/cases/pack-synthetic.ts MEGABYTES OUTPUT`: packs that much text that is made up on the way, and prints as JSON the memory of this
 * process, in MB (10^6 bytes): resident at every tenth of the second pass, and the peak.
 */

import { RandomNumbers } from '../../base/random.ts';
import { type Document, packCorpus } from '../../data/index.ts';

const megabytes = Number(process.argv[2]);
const output = process.argv[3]!;
const DOCUMENT_BYTES = 10_000;
const documents = Math.ceil((megabytes * 1e6) / DOCUMENT_BYTES);

/** Words of Zipf-like frequencies: text that compresses about as prose does. */
const names = new RandomNumbers(1, 'words');
const words = Array.from({ length: 20_000 }, () =>
  Array.from({ length: 2 + names.integer(9) }, () => String.fromCharCode(97 + names.integer(26))).join(''),
);

async function* corpus(): AsyncGenerator<Document> {
  const random = new RandomNumbers(1, 'corpus');
  for (let number = 0; number < documents; number++) {
    let text = '';
    while (text.length < DOCUMENT_BYTES) text += `${words[Math.floor(words.length ** random.uniform()) - 1]} `;
    yield { id: `document ${number}`, title: '', text };
  }
}

const resident: number[] = [];
const start = performance.now();
const manifest = await packCorpus(corpus, output, {
  level: 1,
  force: true,
  onProgress: (stage, done, total) => {
    if (stage === 'pack' && done % Math.ceil(total / 10) === 0) resident.push(Math.round(process.memoryUsage.rss() / 1e6));
  },
});
const seconds = (performance.now() - start) / 1000;
// maxRSS is in KiB.
const peak = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
process.stdout.write(`${JSON.stringify({ megabytes: manifest.textBytes / 1e6, seconds, resident, peak })}\n`);
