import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { trainCommand } from '../../cli/commands/train.ts';
import { openReranker } from '../../rag/rerank/index.ts';
import { errorOf, withTemporaryFolder, writeJsonl } from '../fixtures/temporary-folder.ts';
import { VOCABULARY, writeTinyTokenizer } from '../fixtures/tiny-cross-encoder.ts';
import { letterExamples } from '../training/reranker/tiny-reranker.ts';
import { runCommand } from './run-command.ts';

const test = suite('cem train of a reranker');

/** A BEIR folder of letters: the first eight queries are those of `train`, the others those of `dev`; and a run file of other candidates for each query. */
async function writeLetters(folder: string): Promise<{ beir: string; run: string }> {
  const { texts, queries } = letterExamples(12);
  const beir = join(folder, 'letters');
  await mkdir(join(beir, 'qrels'), { recursive: true });
  await writeJsonl(
    join(beir, 'corpus.jsonl'),
    Array.from(texts, ([_id, text]) => ({ _id, title: '', text })),
  );
  await writeJsonl(
    join(beir, 'queries.jsonl'),
    queries.map(({ text }, index) => ({ _id: `q${index}`, text })),
  );
  const judgments = queries.map(({ positives }, index) => `q${index}\t${positives[0]}\t1\n`);
  await writeFile(join(beir, 'qrels', 'train.tsv'), judgments.slice(0, 8).join(''));
  await writeFile(join(beir, 'qrels', 'dev.tsv'), judgments.slice(8).join(''));
  const run = join(folder, 'dev.run');
  const lines = queries
    .slice(8)
    .flatMap((_, query) => [8, 9, 10, 11].map((place, rank) => `q${query + 8} Q0 d${place} ${rank + 1} ${10 - rank} other\n`));
  await writeFile(run, lines.join(''));
  return { beir, run };
}

/** A model of which nothing but the tokenizer is needed. */
async function writeModel(folder: string): Promise<void> {
  await writeTinyTokenizer(folder);
  await writeFile(join(folder, 'config.json'), '{}');
}

const values = (source: string, changes: object = {}) => ({
  kind: 'reranker',
  name: 'letters',
  data: { source, split: 'train', dev: { split: 'dev', depth: 4 } },
  start: { model: 'tiny', weights: false },
  model: { vocabulary: VOCABULARY, dimension: 16, layers: 1, heads: 2, feedForward: 32, positions: 32 },
  training: { steps: 6, queries: 4, negatives: { perQuery: 2 }, maximumTokens: 16, evaluateEvery: 3, logEvery: 1 },
  ...changes,
});

test('a configuration of the kind reranker trains one, measures it by reranking, resumes, and it can be opened', () =>
  withTemporaryFolder(async (folder) => {
    const { beir, run: rankings } = await writeLetters(folder);
    await writeModel(join(folder, 'models', 'tiny'));
    const config = join(folder, 'letters.yaml');
    await writeFile(config, stringify(values(beir)));
    const run = join(folder, 'run');
    const words = ['train', '--config', config, '--models', join(folder, 'models'), '--run', run];
    const text = await runCommand(trainCommand, words);
    assert.match(text, /^trained at step 6 in .*, loss \d\.\d+ -> \d\.\d+; 8 queries, 8 texts$/m);
    assert.match(
      text,
      /^best: .*checkpoints\/best \(step [36], dev nDCG@10 \d\.\d+, \d\.\d+ times that of the ranking it read\)$/m,
    );
    const result = JSON.parse(await runCommand(trainCommand, [...words, '--resume', '--json'])) as Record<string, unknown>;
    assert.equal([result['step'], result['loss'], result['pairs']], [6, null, 6 * 12]);

    assert.is((await errorOf(() => runCommand(trainCommand, words))).code, 'RUN_EXISTS');

    const reranker = await openReranker(`checkpoint:${join(run, 'checkpoints', 'best')}`);
    assert.is((await reranker.score('a d', ['a d', 'x y'])).length, 2);
    await reranker.dispose();

    // The candidates of a run file: of each dev query all four documents, so that the relevant one is always among them.
    const other = ['--set', `data.dev.run=${rankings}`, '--run', join(folder, 'other')];
    await runCommand(trainCommand, [...words.slice(0, -2), ...other]);
    const lines = (await readFile(join(folder, 'other', 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const measured = lines.map((line) => JSON.parse(line) as { dev?: { 'ndcg@10': number } }).flatMap(({ dev }) => dev ?? []);
    assert.is(measured.length, 2);
    // The worst place of four is the fourth: 1 / log2(5).
    for (const { 'ndcg@10': value } of measured) assert.ok(value >= 1 / Math.log2(5) - 1e-9 && value <= 1);
  }));

test('what is not there is said', () =>
  withTemporaryFolder(async (folder) => {
    const { beir } = await writeLetters(folder);
    await writeModel(join(folder, 'models', 'tiny'));
    const config = join(folder, 'letters.yaml');
    await writeFile(config, stringify(values(beir)));
    const words = ['train', '--config', config, '--models', join(folder, 'models'), '--run', join(folder, 'run')];
    const codeOf = async (...further: string[]) => (await errorOf(() => runCommand(trainCommand, [...words, ...further]))).code;
    assert.is(await codeOf('--set', 'start.model=absent'), 'MODEL_NOT_FOUND');
    assert.is(await codeOf('--set', 'data.split=test'), 'BEIR_SPLIT');
    assert.is(await codeOf('--plan'), 'PLAN_ENCODERS_ONLY');
    await writeFile(join(folder, 'other.run'), 'z Q0 d1 1 3 other\n');
    assert.is(await codeOf('--set', `data.run=${join(folder, 'other.run')}`), 'RERANKER_RUN');
    // The model has a tokenizer alone.
    assert.is(await codeOf('--set', 'start.weights=true'), 'IMPORT_NO_BERT');
  }));

test.run();
