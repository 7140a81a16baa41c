import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError, UsageError } from '../../base/index.ts';
import { planLlmCommand } from '../../cli/commands/plan-llm.ts';
import { runCommand } from './run-command.ts';

const test = suite<{ folder: string }>('cem plan-llm');

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-plan-llm-'));
  const config = {
    model_type: 'qwen2',
    hidden_size: 8192,
    intermediate_size: 29568,
    max_position_embeddings: 32768,
    num_attention_heads: 64,
    num_hidden_layers: 80,
    num_key_value_heads: 8,
    tie_word_embeddings: false,
    torch_dtype: 'bfloat16',
    vocab_size: 152064,
  };
  await writeFile(join(context.folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(context.folder, 'none.json'), 'no json');
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

test('a folder with config.json: memory as far as the positions go, beside the guide', async ({ folder }) => {
  const text = await runCommand(planLlmCommand, ['plan-llm', folder]);
  assert.match(text, /80 layers of 8192, 64 heads, 8 of keys and values/);
  assert.match(text, /^ *32768 +135\.4\d +10\.00/m);
  assert.match(text, /wrong {6}int4 on 2 cards of 24 GB: the guide's 40 \+ 8 \+ 5 = 53 GB/);
  const plans = (JSON.parse(await runCommand(planLlmCommand, ['plan-llm', folder, '--json'])) as { plans: { context: number }[] })
    .plans;
  assert.equal(
    plans.map(({ context }) => context),
    [8192, 16384, 32768],
  );
});

test('devices, and the price of a query', async ({ folder }) => {
  const words = ['plan-llm', folder, '--context', '16384', '--weights', 'int4', '--device-memory', '24', '--json'];
  const plan = async (...more: string[]) =>
    JSON.parse(await runCommand(planLlmCommand, [...words, ...more])) as {
      plans: { fits: boolean; bytes: { cache_of_token: number } }[];
      cost: { total: number; stated: { pays_for_input: number } };
    };
  assert.is((await plan()).plans[0]!.fits, false);
  const two = await plan('--devices', '2', '--tokens-in', '1200', '--tokens-out', '0');
  assert.is(two.plans[0]!.fits, true);
  assert.is(two.plans[0]!.bytes.cache_of_token, 327_680);
  assert.ok(Math.abs(two.cost.total - 0.003) < 1e-12);
  assert.is(two.cost.stated.pays_for_input, 1200);
});

test('what is wrong is said by name', async ({ folder }) => {
  const refused = async (code: string, ...words: string[]): Promise<void> => {
    try {
      await runCommand(planLlmCommand, ['plan-llm', ...words]);
      assert.unreachable(code);
    } catch (error) {
      assert.ok(isCemError(error) && error.code === code, String(error));
      assert.is(error instanceof UsageError, code !== 'PLAN_LLM_CONFIG');
    }
  };
  await refused('PLAN_LLM_FILE', join(folder, 'missing.json'));
  await refused('PLAN_LLM_CONFIG', join(folder, 'none.json'));
  await refused('PLAN_LLM_NUMBER', folder, '--context', '0');
  await refused('PLAN_LLM_NUMBER', folder, '--batch', '1.5');
  await refused('PLAN_LLM_NUMBER', folder, '--tokens-in', '5', '--tokens-cached', '6');
});

test.run();
