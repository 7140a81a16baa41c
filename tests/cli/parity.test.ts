import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../base/index.ts';
import { readSafetensors } from '../../checkpoints/index.ts';
import { writeSafetensors } from '../../checkpoints/store/safetensors.ts';
import { parityCommand } from '../../cli/commands/parity.ts';
import { tf } from '../../model/backend/index.ts';
import { measureParity, type ParityStages, type ReferenceWeights } from '../../model/parity/measure-parity.ts';
import { type ParityCase, parseParityCase } from '../../model/parity/parity-case.ts';
import { testBackend } from '../backend.ts';
import { runCommand } from './run-command.ts';

const test = suite<{ folder: string }>('cem parity');
const GOLDEN = fileURLToPath(new URL('../golden/parity/', import.meta.url));
const CASE_A = fileURLToPath(new URL('../../../shared/reference/blt/case-a/', import.meta.url));
const TOLERANCE = 1e-4;

test.before(async (context) => {
  await testBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-parity-'));
});

test.after(async (context) => {
  await rm(context.folder, { recursive: true, force: true });
});

const run = async (...words: string[]): Promise<string> =>
  runCommand(parityCommand, ['parity', ...words, '--backend', tf.getBackend()]);

async function goldenCase(): Promise<{ reference: ParityCase; weights: ReferenceWeights }> {
  return {
    reference: parseParityCase(await readFile(join(GOLDEN, 'case.json'), 'utf8'), 'golden'),
    weights: await readSafetensors(join(GOLDEN, 'weights.safetensors')),
  };
}

const folders: [string, string][] = [['two hash functions, three queries a patch', GOLDEN]];
if (existsSync(CASE_A)) folders.push(['case-a', CASE_A]);
else console.log('skipped: parity with case-a (../shared/reference is not beside the checkout)');

for (const [name, folder] of folders) {
  test(`every stage equals the reference: ${name}`, async () => {
    const { stages } = JSON.parse(await run(folder, '--json')) as { stages: ParityStages };
    assert.equal(Object.keys(stages), ['hash_ids', 'hash_ids_500002', 'embeddings', 'bytes_out', 'patches_in', 'patches_out']);
    assert.is(stages.hash_ids, 0);
    assert.is(stages.hash_ids_500002, 0);
    for (const [stage, difference] of Object.entries(stages)) assert.ok(difference <= TOLERANCE, `${stage} is ${difference} off`);
    assert.is((await run(folder)).trimEnd().split('\n').length, 6);
  });
}

test('a weight that is off shows in its stage and in those behind it, not before', async () => {
  const { reference, weights } = await goldenCase();
  const firstStage: [name: string, stage: keyof ParityStages][] = [
    ['local_encoder.embed_tokens.weight', 'embeddings'],
    ['encoder_hash_tok_embedding.weight', 'embeddings'],
    ['local_encoder.layers.0.self_attn.v_proj.weight', 'bytes_out'],
    ['local_encoder.layers.1.mlp.down_proj.weight', 'bytes_out'],
    ['local_encoder.cross_attn_layers.0.q_norm.weight', 'patches_in'],
    ['local_encoder.patch_embedding_projection.weight', 'patches_in'],
    ['global_transformer.layers.1.self_attn.k_proj.weight', 'patches_out'],
  ];
  for (const [name, stage] of firstStage) {
    const { shape, data } = weights.get(name)!;
    const changed = new Map(weights).set(name, { shape, data: data.map((value) => 1.5 * value) });
    const stages = await measureParity(reference, changed, 'golden');
    const order = Object.keys(stages) as (keyof ParityStages)[];
    for (const each of order) {
      const equal = stages[each] <= TOLERANCE;
      assert.is(equal, order.indexOf(each) < order.indexOf(stage), `${name}: ${each} is ${stages[each]} off`);
    }
  }
});

test('hash ids that differ are counted', async () => {
  const { reference, weights } = await goldenCase();
  const changed = structuredClone(reference);
  changed.hash_ids['1/5']![2]![7]! += 1;
  changed.hash_ids_500002['0/3']![0]![0]! += 1;
  changed.hash_ids_500002['0/8']![1]![3]! += 1;
  const stages = await measureParity(changed, weights, 'golden');
  assert.equal([stages.hash_ids, stages.hash_ids_500002], [1, 2]);
});

test('a difference is printed all the same, and fails', async ({ folder }) => {
  const off = join(folder, 'off');
  await cp(GOLDEN, off, { recursive: true });
  const weights = new Map(await readSafetensors(join(GOLDEN, 'weights.safetensors')));
  const norm = weights.get('global_transformer.layers.0.input_layernorm.weight')!;
  weights.set('global_transformer.layers.0.input_layernorm.weight', {
    shape: norm.shape,
    data: norm.data.map((gain) => gain + 1),
  });
  await rm(join(off, 'weights.safetensors'));
  await writeSafetensors(join(off, 'weights.safetensors'), weights);
  await failsWith('PARITY_DIFFERS', () => run(off, '--json'));
});

async function failsWith(code: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof CemError)) throw error;
    assert.is(error.code, code);
    return;
  }
  assert.unreachable(`${code} was expected`);
}

test('folders that are no case, and cases that are not whole, are refused by name', async ({ folder }) => {
  await failsWith('PARITY_CASE_MISSING', () => run(folder));
  const { reference, weights } = await goldenCase();
  const parse = (change: (changed: ParityCase) => void) => async () => {
    const changed = structuredClone(reference);
    change(changed);
    return parseParityCase(JSON.stringify(changed), 'changed');
  };
  await failsWith('PARITY_CASE_MALFORMED', async () => parseParityCase('{', 'cut off'));
  await failsWith(
    'PARITY_CASE_MALFORMED',
    parse((changed) => changed.input_ids[1]!.pop()),
  );
  await failsWith(
    'PARITY_CASE_MALFORMED',
    parse((changed) => changed.patch_lengths.pop()),
  );
  await failsWith(
    'PARITY_CASE_MALFORMED',
    parse((changed) => changed.patch_lengths[0]!.push(1)),
  );
  await failsWith('PARITY_CASE_MALFORMED', async () => {
    const changed = structuredClone(reference);
    changed.config.heads = 3;
    await measureParity(changed, weights, 'changed');
  });
  await failsWith('PARITY_WEIGHTS', () => {
    const fewer = new Map(weights);
    fewer.delete('local_encoder.cross_attn_layers.0.o_proj.weight');
    return measureParity(reference, fewer, 'golden');
  });
  const cutOff = join(folder, 'cut-off');
  await cp(GOLDEN, cutOff, { recursive: true });
  await writeFile(join(cutOff, 'weights.safetensors'), (await readFile(join(GOLDEN, 'weights.safetensors'))).subarray(0, 5000));
  await failsWith('SAFETENSORS_MALFORMED', () => run(cutOff));
});

test.run();
