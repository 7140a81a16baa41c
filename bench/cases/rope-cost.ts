import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomNumbers } from '../../base/random.ts';
import { packCorpus, readCorpus } from '../../data/index.ts';
import { modelConfigSchema } from '../../model/config.ts';
import { CemModel } from '../../model/embedder.ts';
import { TrainingStep } from '../../training/loop/step.ts';
import { trainingConfigSchema } from '../../training/options/config.ts';
import { ZpkgReader } from '../../zpkg/index.ts';
import { type Measurement, median } from '../measurement.ts';
import { first } from './first.ts';

/** Share of a step that resolving copies and borders may take (issue 5). */
const BAR = 0.25;
const DOCUMENTS = 1024;
const BATCH_SIZE = 16;
const DIMENSION = 1024;
const LEVEL = 19;
const WARM_UP_STEPS = 4;

/** The peers' default shape, reading symbols: patches of four, since a symbol stands for several bytes. */
const config = modelConfigSchema.parse({
  input: 'symbols',
  maximumSymbols: 1024,
  patchSize: 4,
  tables: { sizes: [3, 4, 5], rows: 20_000 },
  local: { dimension: 128, layers: 1, heads: 4 },
  global: { dimension: 256, layers: 4, heads: 4 },
});

/**
 * What the input `symbols` costs of a training step: from frames to the table rows of a batch (entropy decoding, the rope, hashing what lies across borders), on one thread.
 * In training another thread does this meanwhile.
 *
 * @param corpus what `cem pack` reads
 * @param steps timed steps
 */
export async function measureRope(corpus: string, steps: number): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-bench-'));
  const zpkg = join(folder, 'bench.zpkg');
  const model = CemModel.create(config, DIMENSION, 0);
  const step = new TrainingStep(model, trainingConfigSchema.parse({ steps: steps + WARM_UP_STEPS }));
  try {
    await packCorpus(() => first(readCorpus(corpus), DOCUMENTS), zpkg, { level: LEVEL });
    const reader = await ZpkgReader.open(zpkg);
    try {
      const dictionary = model.prepareDictionary(reader.dictionary);
      const targets = new Float32Array(BATCH_SIZE * DIMENSION);
      new RandomNumbers(0, 'bench rope').fillTruncatedNormal(targets, DIMENSION ** -0.5);
      const shares: number[] = [];
      for (let number = 0; number < steps + WARM_UP_STEPS; number++) {
        const frames = await Promise.all(
          Array.from({ length: BATCH_SIZE }, (_, row) => reader.compressedChunk((number * BATCH_SIZE + row) % reader.chunkCount)),
        );
        const start = performance.now();
        const symbols = model.batch(frames.map((frame) => model.encode(frame, dictionary)));
        const encoded = performance.now();
        await step.run([{ name: 'passages', weight: 1, symbols, targets }], number);
        const end = performance.now();
        if (number >= WARM_UP_STEPS) shares.push((encoded - start) / (end - start));
      }
      return {
        name: 'frames to table rows (the rope), default shape with the input symbols',
        value: median(shares),
        unit: 'of a step',
        bar: { atMost: BAR },
      };
    } finally {
      await reader.close();
    }
  } finally {
    step.dispose();
    model.dispose();
    await rm(folder, { recursive: true });
  }
}
