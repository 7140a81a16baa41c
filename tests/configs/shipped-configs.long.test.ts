import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig, loadTrainConfig } from '../../configs/index.ts';
import { readCorpus } from '../../data/index.ts';
import { planTraining, train, trainEntropyModel } from '../../training/index.ts';
import { testBackend } from '../backend.ts';
import { withTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { silent } from '../fixtures/train-options.ts';
import { metricsOf, writePassages } from '../training/tiny-run.ts';

const test = suite('shipped configurations');
test.before(async () => {
  await testBackend();
});

const CONFIGS = fileURLToPath(new URL('../../configs/', import.meta.url));
/** Rerankers and heads train on queries, image towers on pictures: their own tests have theirs. */
const files = (await readdir(CONFIGS)).filter((file) => file.endsWith('.yaml') && !/^(reranker|image|query-head)-/.test(file));

/** Those that train on parts of BEIR folders. */
const SPLIT = new Set(['techdocs.yaml', 'small.yaml']);

/** Those with lists of texts from files and a query student. */
const BROAD = new Set(['cem-small-en-broad.yaml', 'cem-small-zh-broad.yaml']);
const REDUCED_BROAD = [
  'model.query={maximumSymbols: 128, patchSize: 4, tables: {sizes: [3], rows: 500}, local: {dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, crossAttentionHeads: 2}, global: {dimension: 32, layers: 1, heads: 2, feedForward: 32}}',
  'training.query={steps: 2}',
];

/** What makes any of them small: their own losses, optimisers and kinds of layers stay. */
const REDUCED = [
  'teacher={kind: lsa, dimension: 16}',
  'pack={level: 3, targetChunkSize: 1024, dictionarySize: 2048}',
  'model.maximumSymbols=128',
  'model.tables.rows=500',
  'model.local={dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, crossAttentionHeads: 2}',
  'model.global={dimension: 32, layers: 1, heads: 2, feedForward: 32}',
  'training.steps=2',
  'training.logEvery=1',
  'training.passages.batchSize=4',
  'training.sentences.batchSize=4',
];
const REDUCED_ENTROPY = [
  'model={dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, context: 32}',
  'training.steps=2',
  'training.logEvery=1',
  'training.batchSize=2',
  'training.heldOutEvery=10',
  'training.heldOutBytes=256',
];

for (const file of files.filter((name) => !name.startsWith('entropy-'))) {
  test(`${file} can be planned, at full size`, async () => {
    const { model, training, teacher } = await loadConfig(join(CONFIGS, file));
    assert.type(teacher.dimension, 'number', 'a plan has to know the dimension');
    // One text of each granularity: what a plan costs grows with the batches.
    const { parameters, memory, operations } = await planTraining(model, teacher.dimension!, training, {
      batches: [{ name: 'passages', size: 1, symbols: Math.min(512, model.maximumSymbols) }],
    });
    assert.ok(parameters.total > 0 && memory.peak > 4 * parameters.total && operations > 0);
  });
}

for (const file of files) {
  test(`${file} trains two steps at reduced size`, () =>
    withTemporaryFolder(async (folder) => {
      const source = await writePassages(folder, 20);
      const settings = file.startsWith('entropy-') ? REDUCED_ENTROPY : REDUCED;
      const split = SPLIT.has(file) ? ['data={}'] : [];
      const list = join(folder, 'definitions.txt');
      await writeFile(
        list,
        'cat: a small animal\ndog: a larger animal\nhorse: an animal that is larger still\nmouse: a smaller animal\n',
      );
      const lists = `training.lists=[{name: definitions, source: ${list}, batchSize: 2, weight: 0.5}]`;
      const broad = BROAD.has(file) ? [...REDUCED_BROAD, lists] : [];
      const config = await loadTrainConfig(join(CONFIGS, file), [...split, ...settings, ...broad, `data.source=${source}`]);
      const run = join(folder, 'run');
      const common = {
        run,
        resume: false,
        resolved: config,
        environment: {},
        documents: () => readCorpus(source),
        listener: silent,
      };
      const { seed } = config;
      if ('kind' in config && config.kind !== 'entropy-model')
        return assert.unreachable('it trains something else, and is named otherwise');
      const result =
        'kind' in config
          ? await trainEntropyModel(config, common)
          : await train({
              ...common,
              seed,
              model: config.model,
              teacher: config.teacher,
              pack: config.pack,
              training: config.training,
            });
      assert.is(result.step, 2);
      const losses = metricsOf(run).map((line) => line.loss);
      assert.is(losses.length, 2);
      assert.ok(losses.every(Number.isFinite));
    }));
}

test.run();
