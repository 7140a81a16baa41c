import { CemError } from '../../base/index.ts';
import { RandomNumbers } from '../../base/random.ts';
import { loadConfig } from '../../configs/index.ts';
import { documentText, readCorpus } from '../../data/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import type { ModelConfig } from '../../model/config.ts';
import { CemModel } from '../../model/embedder.ts';
import { TrainingStep } from '../../training/loop/step.ts';
import type { TrainingConfig } from '../../training/options/config.ts';
import { createCompressor, trainDictionary } from '../../zpkg/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { BATCH_SIZE, benchTables, type ModelInTraining } from './measure-tables.ts';

const DIMENSION = 256;
const SEED = 1;
/** BLT has 500002. */
const ROWS = [50_000, 500_000] as const;
/** Those that a batch is made of, and as many again for the dictionary. */
const PASSAGES_PER_BATCH = 2 * BATCH_SIZE;
const DICTIONARY_SIZE = 65_536;
const LEVEL = 19;

interface TablesBenchOptions {
  readonly corpus: string;
  readonly config: string;
  readonly batches: number;
  readonly rounds: number;
  readonly backend: string;
}

/** A training step with ten times the hash rows. */
export const tablesBench: Bench<TablesBenchOptions> = {
  name: 'tables',
  describe: 'A training step with 50,000 and with 500,000 rows in each hash table',
  options: (parser) =>
    parser
      .option('corpus', { type: 'string', demandOption: true, describe: 'texts to measure with: what `cem pack` reads' })
      .option('config', { type: 'string', default: 'configs/small.yaml', describe: 'the model, but for its rows' })
      .option('batches', {
        type: 'number',
        default: 6,
        describe: 'batches of 32 passages',
        coerce: wholeNumber('batches', 1),
      })
      .option('rounds', {
        type: 'number',
        default: 5,
        describe: 'how often each batch is measured',
        coerce: wholeNumber('rounds', 1),
      })
      .option('backend', { type: 'string', default: 'auto', describe: 'what computes the graph' }),
  run: async ({ corpus, config, batches, rounds, backend }, say) => {
    say(describeBackend(await selectBackend(parseBackendRequest(backend))));
    const { model, training } = await loadConfig(config);
    const passages: Uint8Array[] = [];
    for await (const document of readCorpus(corpus)) {
      passages.push(Buffer.from(documentText(document)).subarray(0, 1024));
      if (passages.length === batches * PASSAGES_PER_BATCH) break;
    }
    if (passages.length < batches * PASSAGES_PER_BATCH) {
      throw new CemError(
        'BENCH_CORPUS',
        `${corpus} holds ${passages.length} documents, ${batches * PASSAGES_PER_BATCH} are needed; ask for fewer --batches`,
      );
    }
    const dictionary = trainDictionary(passages, { size: DICTIONARY_SIZE, level: 3 });
    const compressor = createCompressor({ level: LEVEL, dictionary });
    return benchTables({
      frames: passages.slice(0, batches * BATCH_SIZE).map((passage) => compressor.compress(passage)),
      dictionary,
      batches,
      rounds,
      rows: ROWS,
      create: (rows) => createModel({ ...model, tables: { ...model.tables, rows } }, training),
      onStage: say,
    });
  },
};

function createModel(config: ModelConfig, training: TrainingConfig): ModelInTraining {
  const model = CemModel.create(config, DIMENSION, SEED);
  const trainingStep = new TrainingStep(model, training);
  const random = new RandomNumbers(SEED, 'bench tables');
  let steps = 0;
  return {
    model,
    updateTables: (batch, gradient) => {
      const { tables } = trainingStep.sparse.accumulate([batch], [gradient]);
      trainingStep.sparse.apply(tables, training.optimizer.tablesLearningRate, 1e-3, steps + 1);
    },
    step: async (batch) => {
      const targets = new Float32Array(batch.size * DIMENSION);
      random.fillTruncatedNormal(targets, DIMENSION ** -0.5);
      await trainingStep.run([{ name: 'passages', weight: 1, symbols: batch, targets }], steps++);
    },
    dispose: () => {
      trainingStep.dispose();
      model.dispose();
    },
  };
}
