/**
 * One length of `npm run bench -- length`, in a process of its own, whose memory is nothing else's: CONFIG SYMBOLS BACKEND. Prints one JSON line, a `LengthTimes`.
 */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { RandomNumbers } from '../../base/random.ts';
import { parseBackendRequest, selectBackend, tf } from '../../model/backend/index.ts';
import { modelConfigSchema } from '../../model/config.ts';
import { CemModel } from '../../model/embedder.ts';
import { graphInputs, PATCH_POOLING_LAYER } from '../../model/graph.ts';
import { BYTE_VOCABULARY } from '../../model/symbols/ngram-hash.ts';
import type { EncodedChunk } from '../../model/symbols/symbol-batch.ts';
import { SYMBOL_KINDS } from '../../model/symbols/symbol-kinds.ts';
import { median } from '../measurement.ts';
import type { LengthTimes } from './measure-length.ts';

const DIMENSION = 384;
/** Bytes of text that a symbol stands for: about what they are in technical prose at level 19. */
const BYTES_PER_SYMBOL = 4;
const ROUNDS = 5;

const [path, words, request] = process.argv.slice(2) as [string, string, string];
const symbols = Number(words);
await selectBackend(parseBackendRequest(request));
const { model: values } = parse(await readFile(path, 'utf8')) as { model: Record<string, unknown> };
const model = CemModel.create(modelConfigSchema.parse({ ...values, maximumSymbols: symbols }), DIMENSION, 0);
const random = new RandomNumbers(0, 'bench length');
const rowsOf = (limit: number) => Int32Array.from({ length: symbols * BYTES_PER_SYMBOL }, () => random.integer(limit));
const { sizes, rows } = model.config.tables;
const chunk: EncodedChunk = {
  count: symbols,
  lengths: new Uint32Array(symbols).fill(BYTES_PER_SYMBOL),
  kinds: Uint8Array.from({ length: symbols }, () => 1 + random.integer(SYMBOL_KINDS - 1)),
  rows: [rowsOf(BYTE_VOCABULARY), ...sizes.map(() => rowsOf(rows))],
};
const batch = model.batch([chunk]);
const local = tf.model({ inputs: model.graph.inputs, outputs: model.graph.getLayer(PATCH_POOLING_LAYER).output });

function milliseconds(graph: tf.LayersModel): number {
  const start = performance.now();
  tf.tidy(() => {
    const embeddings = tf.tensor3d(model.tables.embed(batch), [1, batch.symbols, model.config.local.dimension]);
    return (graph.apply(graphInputs(embeddings, batch)) as tf.Tensor).dataSync().length;
  });
  return performance.now() - start;
}

const times = { local: [] as number[], whole: [] as number[] };
for (let round = 0; round <= ROUNDS; round++) {
  const [ofLocal, ofWhole] = [milliseconds(local), milliseconds(model.graph)];
  // The first round warms both up.
  if (round === 0) continue;
  times.local.push(ofLocal);
  times.whole.push(ofWhole);
}
const result: LengthTimes = {
  symbols,
  localMilliseconds: median(times.local),
  wholeMilliseconds: median(times.whole),
  peakMegabytes: (process.resourceUsage().maxRSS * 1024) / 1e6,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
