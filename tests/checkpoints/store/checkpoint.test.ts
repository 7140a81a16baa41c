import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  listCheckpoints,
  loadCheckpoint,
  loadOptimizer,
  loadStudent,
  pruneCheckpoints,
  readCheckpointState,
  readSafetensors,
  saveCheckpoint,
} from '../../../checkpoints/index.ts';
import { findCheckpoint } from '../../../checkpoints/store/checkpoint.ts';
import { writeSafetensors } from '../../../checkpoints/store/safetensors.ts';
import { tf } from '../../../model/backend/index.ts';
import { testBackend } from '../../backend.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { codeOf, DIMENSION, makeRun, STATE, tinyModel } from '../fixtures.ts';

const test = suite('checkpoints');

test.before(async () => {
  await testBackend();
});

/** A checkpoint that may be damaged. */
function withCheckpoint(action: (folder: string) => Promise<void>): Promise<void> {
  return withTemporaryFolder(async (parent) => {
    const folder = join(parent, '7');
    const model = tinyModel();
    await saveCheckpoint(folder, model, STATE);
    model.dispose();
    await action(folder);
  });
}

async function editState(folder: string, change: (state: Record<string, unknown>) => void): Promise<void> {
  const path = join(folder, 'state.json');
  const state = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  change(state);
  await writeFile(path, JSON.stringify(state));
}

async function flipBit(path: string, position: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[position]! ^= 1;
  await writeFile(path, bytes);
}

test('a round trip gives the same vectors of real chunks, the same state and the same hash', () =>
  withTemporaryFolder(async (parent) => {
    const run = await makeRun(parent);
    const expected = await run.model.encodeChunks(run.frames, run.dictionary);
    const loaded = await loadStudent(run.folder);
    assert.is(loaded.folder, run.checkpoint);
    assert.is(loaded.hash, run.hash);
    assert.is(loaded.state.step, STATE.step);
    assert.equal(loaded.state.config, STATE.config);
    assert.is(loaded.teacherFolder, join(run.folder, 'teacher'));
    assert.is(loaded.trainingZpkg, join(run.folder, 'corpus.zpkg'));
    // The same numbers in the same order on the same backend: equal to the bit.
    assert.equal((await loaded.student.encodeChunks(run.frames, run.dictionary)).data, expected.data);
    assert.ok(expected.data.some((value) => Math.abs(value) > 0.1));
    const optimizer = await loadOptimizer(run.checkpoint);
    assert.equal(optimizer.get('global/norm/gain/first'), { shape: [2], data: Float32Array.of(1, 2) });
    const again = join(parent, 'again');
    assert.is(await saveCheckpoint(again, loaded.student, loaded.state), run.hash);
    loaded.dispose();
    run.model.dispose();
  }));

test('other weights have another hash', () =>
  withTemporaryFolder(async (parent) => {
    const models = [tinyModel(1), tinyModel(2)];
    const hashes = await Promise.all(models.map((model, index) => saveCheckpoint(join(parent, String(index)), model, STATE)));
    assert.not.equal(hashes[0], hashes[1]);
    for (const model of models) model.dispose();
  }));

test('a checkpoint of another shape is refused', () =>
  withCheckpoint(async (folder) => {
    const damage: ((state: Record<string, unknown>) => void)[] = [
      (state) => {
        state['dimension'] = DIMENSION + 1;
      },
      (state) => {
        state['model'] = { ...STATE.model, tables: { ...STATE.model.tables, rows: 98 } };
      },
      (state) => {
        state['model'] = { ...STATE.model, tables: { ...STATE.model.tables, sizes: [3, 5] } };
      },
      (state) => {
        state['model'] = { ...STATE.model, global: { ...STATE.model.global, layers: 2 } };
      },
      // One layer fewer: every weight that is asked for is there, and some that are not.
      (state) => {
        state['model'] = { ...STATE.model, global: { ...STATE.model.global, layers: 0 } };
      },
    ];
    const tensors = tf.memory().numTensors;
    for (const change of damage) {
      await editState(folder, change);
      assert.is(await codeOf(() => loadCheckpoint(folder)), 'CHECKPOINT_SHAPE');
      await editState(folder, (state) => {
        Object.assign(state, { model: STATE.model, dimension: DIMENSION });
      });
    }
    assert.is(tf.memory().numTensors, tensors, 'a refused checkpoint leaves no tensors');
    (await loadCheckpoint(folder)).model.dispose();
  }));

test('a weight file that is cut off is refused wherever it is cut', () =>
  withCheckpoint(async (folder) => {
    for (const file of ['model.safetensors', 'tables.safetensors']) {
      const path = join(folder, file);
      const whole = await readFile(path);
      for (const size of [0, 4, 8, 100, whole.length >> 1, whole.length - 1]) {
        await truncate(path, size);
        assert.is(await codeOf(() => loadCheckpoint(folder)), 'SAFETENSORS_MALFORMED', `${file} of ${size} bytes`);
        await writeFile(path, whole);
      }
    }
  }));

test('a flipped bit in the numbers is found by the hash', () =>
  withCheckpoint(async (folder) => {
    for (const file of ['model.safetensors', 'tables.safetensors']) {
      const path = join(folder, file);
      const { length } = await readFile(path);
      await flipBit(path, length - 3);
      assert.is(await codeOf(() => loadCheckpoint(folder)), 'CHECKPOINT_HASH', file);
      await flipBit(path, length - 3);
    }
  }));

test('a flipped bit anywhere in the header is an error of ours', () =>
  withCheckpoint(async (folder) => {
    const path = join(folder, 'tables.safetensors');
    const whole = await readFile(path);
    const headerEnd = 8 + Number(whole.readBigUInt64LE(0));
    for (let position = 0; position < headerEnd; position += 3) {
      await flipBit(path, position);
      const code = await codeOf(() => loadCheckpoint(folder));
      assert.ok(['SAFETENSORS_MALFORMED', 'CHECKPOINT_SHAPE', 'CHECKPOINT_HASH'].includes(code), `${code} at ${position}`);
      await writeFile(path, whole);
    }
  }));

test('a missing file is refused by name', () =>
  withCheckpoint(async (folder) => {
    assert.is(await codeOf(() => loadOptimizer(folder)), 'SAFETENSORS_MISSING');
    await rm(join(folder, 'tables.safetensors'));
    assert.is(await codeOf(() => loadCheckpoint(folder)), 'SAFETENSORS_MISSING');
    await rm(join(folder, 'state.json'));
    assert.is(await codeOf(() => loadCheckpoint(folder)), 'CHECKPOINT_MISSING');
    assert.is(await codeOf(() => loadStudent(join(folder, 'nowhere'))), 'CHECKPOINT_MISSING');
  }));

test('a state that is not understood is refused', () =>
  withCheckpoint(async (folder) => {
    const path = join(folder, 'state.json');
    const whole = await readFile(path, 'utf8');
    const states = [
      '',
      whole.slice(0, whole.length / 2),
      '[]',
      whole.replace('"formatVersion": 1', '"formatVersion": 2'),
      whole.replace('"seed"', '"sead"'),
    ];
    for (const text of states) {
      assert.not.equal(text, whole);
      await writeFile(path, text);
      assert.is(await codeOf(() => readCheckpointState(folder)), 'CHECKPOINT_MALFORMED', text.slice(0, 20));
    }
  }));

test('safetensors: what is written is read, in order, with a header that ends on a multiple of 8', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.safetensors');
    const arrays = new Map([
      ['b', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-30, Number.NEGATIVE_INFINITY) }],
      ['a/0', { shape: [0], data: new Float32Array(0) }],
      ['scalar', { shape: [], data: Float32Array.of(7) }],
    ]);
    await writeSafetensors(path, arrays, { format: 'test' });
    const read = await readSafetensors(path);
    assert.equal([...read], [...arrays]);
    // The format itself, read by hand: length, JSON, then little-endian float32.
    const bytes = await readFile(path);
    const headerLength = Number(bytes.readBigUInt64LE(0));
    assert.is(headerLength % 8, 0);
    const header = JSON.parse(bytes.subarray(8, 8 + headerLength).toString()) as Record<string, unknown>;
    assert.equal(header['b'], { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] });
    assert.is(bytes.readFloatLE(8 + headerLength + 8), 3.5);
    assert.is(bytes.length, 8 + headerLength + 28);
  }));

test('safetensors: headers that make no sense are refused', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.safetensors');
    const headers = [
      'null',
      '[]',
      '{',
      '{"a": 1}',
      '{"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}',
      '{"a": {"dtype": "I8", "shape": [4], "data_offsets": [0, 4]}}',
      '{"a": {"dtype": "F16", "shape": [1], "data_offsets": [0, 4]}}',
      '{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]}}',
      '{"a": {"dtype": "F32", "shape": [1e300], "data_offsets": [0, 4]}}',
      '{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}',
      '{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}',
    ];
    for (const header of headers) {
      const start = Buffer.alloc(8);
      start.writeBigUInt64LE(BigInt(header.length));
      await writeFile(path, Buffer.concat([start, Buffer.from(header), Buffer.alloc(4)]));
      assert.is(await codeOf(() => readSafetensors(path)), 'SAFETENSORS_MALFORMED', header);
    }
  }));

test('retention keeps the newest and removes what killed saves left', () =>
  withTemporaryFolder(async (run) => {
    const model = tinyModel();
    for (const step of [5, 10, 100]) await saveCheckpoint(join(run, 'checkpoints', String(step)), model, { ...STATE, step });
    model.dispose();
    await mkdir(join(run, 'checkpoints', '.200.1.tmp'));
    await writeFile(join(run, 'checkpoints', 'notes.txt'), 'mine');
    assert.equal(await listCheckpoints(run), [5, 10, 100]);
    await pruneCheckpoints(run, 2);
    // By number, not by name: 5 is the oldest.
    assert.equal((await readdir(join(run, 'checkpoints'))).sort(), ['10', '100', 'notes.txt']);
  }));

test('a checkpoint is found from its own folder and from its run', () =>
  withTemporaryFolder(async (parent) => {
    const run = join(parent, 'run');
    const model = tinyModel();
    for (const step of [9, 10]) await saveCheckpoint(join(run, 'checkpoints', String(step)), model, { ...STATE, step });
    model.dispose();
    assert.is(await findCheckpoint(run), join(run, 'checkpoints', '10'));
    assert.is(await findCheckpoint(join(run, 'checkpoints', '9')), join(run, 'checkpoints', '9'));
    await cp(join(run, 'checkpoints', '9'), join(parent, 'carried'), { recursive: true });
    assert.is(await findCheckpoint(join(parent, 'carried')), join(parent, 'carried'));
    assert.is(await codeOf(() => findCheckpoint(parent)), 'CHECKPOINT_MISSING');
  }));

test('kill -9 during a save: every checkpoint that is listed loads', () =>
  withTemporaryFolder(async (run) => {
    const program = fileURLToPath(new URL('./save-forever.ts', import.meta.url));
    for (let kill = 0; kill < 3; kill++) {
      const first = ((await listCheckpoints(run)).at(-1) ?? 0) + 1;
      const child = spawn(process.execPath, ['--import', 'tsx', program, run, String(first)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
      let saved = '';
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (data: Buffer) => {
          saved += data.toString();
          if (saved.split('\n').length > 3) resolve();
        });
      });
      // A save takes some milliseconds: another place in it each time.
      await new Promise((resolve) => setTimeout(resolve, 3 + 7 * kill));
      child.kill('SIGKILL');
      assert.is(await ended, 'SIGKILL');
      const steps = await listCheckpoints(run);
      assert.ok(steps.length >= 2 && steps.at(-1)! >= first + 2);
      for (const step of steps) {
        const { model, state } = await loadCheckpoint(join(run, 'checkpoints', String(step)));
        assert.is(state.step, step);
        model.dispose();
      }
    }
    await pruneCheckpoints(run, 2);
    assert.is((await readdir(join(run, 'checkpoints'))).length, 2);
  }));

test.run();
