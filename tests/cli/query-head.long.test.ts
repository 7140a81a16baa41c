import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { evalFieldsCommand } from '../../cli/commands/eval-fields.ts';
import { trainCommand } from '../../cli/commands/train.ts';
import { errorOf, withTemporaryFolder, writeJsonl } from '../fixtures/temporary-folder.ts';
import { runCommand } from './run-command.ts';

const test = suite('cem train of a head, and cem eval-fields');
const MODELS = fileURLToPath(new URL('../../../shared/models/', import.meta.url));
const MODEL = 'all-MiniLM-L6-v2';

const SUBJECTS = ['cats', 'ships', 'bread', 'music', 'snow', 'trains', 'gardens', 'money'];

/** A BEIR folder: the first six subjects have queries of the split train, all of them of dev. */
async function writeSubjects(folder: string): Promise<void> {
  await mkdir(join(folder, 'qrels'), { recursive: true });
  await writeJsonl(
    join(folder, 'corpus.jsonl'),
    SUBJECTS.map((subject, index) => ({
      _id: `d${index}`,
      title: '',
      text: `A text about ${subject}, and what people say of ${subject}.`,
    })),
  );
  await writeJsonl(
    join(folder, 'queries.jsonl'),
    SUBJECTS.map((subject, index) => ({ _id: `q${index}`, text: `What is known of ${subject}?` })),
  );
  const judgments = SUBJECTS.map((_, index) => `q${index}\td${index}\t1\n`);
  await writeFile(join(folder, 'qrels', 'train.tsv'), `query-id\tcorpus-id\tscore\n${judgments.slice(0, 6).join('')}`);
  await writeFile(join(folder, 'qrels', 'dev.tsv'), `query-id\tcorpus-id\tscore\n${judgments.join('')}`);
}

if (existsSync(join(MODELS, MODEL))) {
  test('a head is trained on frozen vectors, measured, and stands beside what is not trained', () =>
    withTemporaryFolder(async (folder) => {
      const before = process.env['CEM_CACHE'];
      process.env['CEM_CACHE'] = join(folder, 'cache');
      try {
        const data = join(folder, 'beir');
        await writeSubjects(data);
        const config = join(folder, 'head.yaml');
        const values = {
          kind: 'query-head',
          name: 'subjects',
          encoder: { model: MODEL, maximumTokens: 32 },
          data: { source: data, negatives: 'both', dev: { split: 'dev' } },
          model: { dimension: 16 },
          training: { steps: 4, pairs: 4, evaluateEvery: 2, logEvery: 1 },
        };
        await writeFile(config, stringify(values));
        const run = join(folder, 'run');
        const words = ['train', '--config', config, '--models', MODELS, '--run', run];
        const text = await runCommand(trainCommand, words);
        assert.match(text, /^trained at step 4 in .*, loss \d\.\d+ -> \d\.\d+; 6144 weights, 6 queries, 6 passages$/m);
        assert.match(text, /^best: .*checkpoints\/best \(step [24], dev nDCG@10 \d\.\d+/m);
        assert.is((await readdir(join(folder, 'cache', 'tokens'))).length, 1);
        const resumed = JSON.parse(await runCommand(trainCommand, [...words, '--resume', '--json'])) as Record<string, unknown>;
        assert.equal([resumed['step'], resumed['loss']], [4, null]);

        const measured = ['eval-fields', '--head', run, '--data', data, '--split', 'dev', '--models', MODELS];
        const result = JSON.parse(await runCommand(evalFieldsCommand, [...measured, '--json'])) as {
          rows: { name: string; ndcg: number; vectors: { dimension: number } }[];
          differences: { first: string; second: string }[];
          passages: number;
        };
        assert.is(result.passages, 8);
        assert.is(result.rows.length, 1 + 2 * 2 * 3);
        assert.equal(
          [...new Set(result.rows.map(({ vectors }) => vectors.dimension))].sort((a, b) => a - b),
          [16, 384],
        );
        for (const { ndcg } of result.rows) assert.ok(ndcg > 0.5 && ndcg <= 1);
        const own = 'token_pool_topK, trained, sum';
        assert.ok(result.differences.some(({ first, second }) => second === own && first === 'token_pool_topK, sum'));
        assert.match(await runCommand(evalFieldsCommand, measured), /^token_pool_topK, trained, sum +[01]\.\d{4} /m);
      } finally {
        if (before === undefined) delete process.env['CEM_CACHE'];
        else process.env['CEM_CACHE'] = before;
      }
    }));
} else console.log(`skipped: ../shared/models/${MODEL} is not beside the checkout`);

test('what groups cannot be made of is said', () =>
  withTemporaryFolder(async (folder) => {
    await writeSubjects(folder);
    const codeOf = async (...words: string[]) =>
      (await errorOf(() => runCommand(evalFieldsCommand, ['eval-fields', '--data', folder, '--split', 'dev', ...words]))).code;
    assert.is(await codeOf(), 'FIELD_ENCODER');
    assert.is(await codeOf('--encoder', 'lsa'), 'FIELD_ENCODER');
    assert.is(await codeOf('--strategies', 'guess'), 'FIELD_STRATEGY');
    assert.is(await codeOf('--head', folder), 'CHECKPOINT_MISSING');
  }));

test.run();
