import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { executableCache, PjrtClient } from '../../../../../model/backend/xla/pjrt/index.ts';
import { cpuPlugin, sayThatSkipped } from './cpu-plugin.ts';

const test = suite('model/backend/xla/pjrt/executable-cache');
const plugin = cpuPlugin();

/** x + x + … */
function program(terms: number): string {
  const sums = Array.from(
    { length: terms },
    (_, i) => `%${i + 1} = stablehlo.add ${i === 0 ? '%x' : `%${i}`}, %x : tensor<2xf32>`,
  );
  return `module @sums { func.func public @main(%x: tensor<2xf32>) -> tensor<2xf32> {\n${sums.join('\n')}\nreturn %${terms} : tensor<2xf32> } }`;
}

if (plugin) {
  const folder = mkdtempSync(join(tmpdir(), 'cem-programs-'));
  const client = PjrtClient.open(plugin);
  const files = () => readdirSync(folder).map((name) => join(folder, name));

  test.after(() => {
    client.close();
    rmSync(folder, { recursive: true });
  });

  test.after.each(() => {
    for (const file of files()) rmSync(file);
  });

  /** Source of the program, which has to compute; `options` as executableCache takes them. */
  const source = (terms: number, options: { readonly maxBytes?: number } = {}): string => {
    const cached = executableCache(folder, options).compile(client, program(terms));
    const [sum] = cached.executable.execute([client.upload(Float32Array.of(1, 2), 'f32', [2])]);
    assert.equal(sum!.read(), Float32Array.of(terms + 1, 2 * terms + 2));
    return cached.source;
  };

  test('a program is compiled once, and loaded by whoever comes next', () => {
    assert.is(source(1), 'compiled');
    assert.is(source(1), 'disk');
    assert.is(source(2), 'compiled');
    assert.is(files().length, 2);
    const cache = executableCache(folder);
    cache.compile(client, program(2));
    cache.compile(client, program(3));
    assert.equal({ ...cache.counts }, { loaded: 1, compiled: 1 });
  });

  test('files that are damaged, cut or refused are compiled anew and written again', () => {
    assert.is(source(1), 'compiled');
    const [path] = files();
    const whole = readFileSync(path!);
    for (const damage of [
      whole.subarray(0, 20),
      whole.subarray(0, whole.length - 1),
      Buffer.from(whole).fill(7, 40, 50),
      Buffer.alloc(0),
    ]) {
      writeFileSync(path!, damage);
      assert.is(source(1), 'compiled');
      assert.is(source(1), 'disk');
    }
  });

  test('what was used longest ago goes when the folder is full', () => {
    for (const terms of [1, 2, 3]) assert.is(source(terms), 'compiled');
    const sizes = files().map((file) => statSync(file).size);
    const past = new Date(Date.now() - 60_000);
    for (const file of files()) utimesSync(file, past, past);
    // Used again: the others are older.
    assert.is(source(2), 'disk');
    assert.is(source(4, { maxBytes: 2.5 * Math.max(...sizes) }), 'compiled');
    assert.is(files().length, 2);
    assert.is(source(2), 'disk');
    assert.is(source(4), 'disk');
  });

  test('without a folder to write to, programs are compiled each time', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    assert.is(executableCache(join(file, 'below')).compile(client, program(1)).source, 'compiled');
  });
} else {
  test('skipped without a plugin', sayThatSkipped);
}

test.run();
