import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { trainCommand } from '../../cli/commands/train.ts';
import { errorOf, withTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { tinyRun, writePassages } from '../training/tiny-run.ts';
import { runCommand } from './run-command.ts';

const test = suite('cem train of an entropy model');
const CONFIG = fileURLToPath(new URL('../../configs/entropy-tiny.yaml', import.meta.url));

test('a configuration of the kind entropy-model trains one, says how good it is, and resumes', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 40);
    const words = ['train', '--config', CONFIG, '--set', `data.source=${source}`, '--set', 'training.steps=5'];
    const run = join(folder, 'run');
    const text = await runCommand(trainCommand, [...words, '--run', run]);
    assert.match(text, /trained at step 5 in .*, loss \d\.\d+ -> \d\.\d+ nats a byte/);
    assert.match(text, /held out: \d\.\d+ bits a byte in 4 texts/);
    assert.match(text, /threshold: \d\.\d+ nats, patches of 4\.\d+ bytes/);
    const result = JSON.parse(await runCommand(trainCommand, [...words, '--run', run, '--resume', '--json'])) as Record<
      string,
      unknown
    >;
    assert.equal([result['step'], result['loss'], result['checkpoint']], [5, null, join(run, 'checkpoints', '5')]);

    const plan = await errorOf(() => runCommand(trainCommand, [...words, '--plan']));
    assert.is(plan.code, 'PLAN_ENCODERS_ONLY');
    const unknown = await errorOf(() => runCommand(trainCommand, [...words, '--set', 'model.patchSize=4']));
    assert.is(unknown.code, 'CONFIG_INVALID');
    assert.match(unknown.message, 'unknown key model.patchSize');
  }));

test('an encoder of texts trains with patches that begin where that model is surprised', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 20);
    const entropy = join(folder, 'entropy');
    const overrides = ['--set', `data.source=${source}`, '--set', 'training.steps=2'];
    await runCommand(trainCommand, ['train', '--config', CONFIG, ...overrides, '--run', entropy]);
    const values = tinyRun(source, 2);
    const patching = { kind: 'entropy', model: entropy, threshold: 2, maximumLength: 8 };
    const config = join(folder, 'encoder.yaml');
    await writeFile(config, stringify({ ...values, model: { ...(values['model'] as object), input: 'text', patching } }));
    const text = await runCommand(trainCommand, ['train', '--config', config, '--run', join(folder, 'encoder')]);
    assert.match(text, /trained at step 2/);
    const nowhere = ['--set', `model.patching.model=${join(folder, 'nowhere')}`, '--run', join(folder, 'other')];
    const missing = await errorOf(() => runCommand(trainCommand, ['train', '--config', config, ...nowhere]));
    assert.is(missing.code, 'CHECKPOINT_MISSING');
  }));

test.run();
