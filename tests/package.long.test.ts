import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('the npm package');

const root = fileURLToPath(new URL('..', import.meta.url));

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin: { readonly cem: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

let temporary = '';
/** The folder of a project that has the package installed and nothing else. */
let project = '';
let installed = '';
let manifest: Manifest;

function run(
  program: string,
  args: readonly string[],
  folder = project,
  more: Readonly<Record<string, string>> = {},
): { status: number | null; stdout: string; stderr: string } {
  // What this process was started with (tsx, coverage) must not help the package to work.
  const { NODE_OPTIONS: _, ...environment } = process.env;
  return spawnSync(program, [...args], { cwd: folder, encoding: 'utf8', env: { ...environment, ...more } });
}

/** `npm`: as a user installs it, with everything that the registry has for it; takes minutes. Otherwise what the checkout has stands in for the registry. */
const installer = process.env['CEM_PACKAGE_INSTALL'];

/** What a door needs that the package does not bring: those who use it install it beside. */
const PEER = '@langchain/core';

/** Installed by npm. Of the packages with install scripts only one is needed: it compiles zstd. Optional ones come along: the image library of transformers.js is one. */
function installByNpm(tarball: string): void {
  const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', PEER, 'package.json'), 'utf8')) as { version: string };
  const { status, stderr, stdout } = run('npm', ['install', ...flags, tarball, `${PEER}@${version}`]);
  assert.is(status, 0, stderr + stdout);
  const rebuilt = run('npm', ['rebuild', 'zstd-napi']);
  assert.is(rebuilt.status, 0, rebuilt.stderr + rebuilt.stdout);
}

/**
 * Installed as npm does it, without a registry: the packed files in `node_modules`, and of the checkout's packages those alone that the manifest names (theirs
 * are found beside them).
 */
async function install(tarball: string): Promise<void> {
  await mkdir(installed, { recursive: true });
  assert.is(run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]).status, 0);
  const { bin, dependencies, optionalDependencies, peerDependencies } = await readManifest();
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
    // tsx runs the sources in a checkout; the package must do without.
    if (name === 'tsx' || !existsSync(join(root, 'node_modules', name))) continue;
    const link = join(project, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, 'node_modules', name), link, 'dir');
  }
  // What npm makes of `bin`.
  await mkdir(join(project, 'node_modules', '.bin'), { recursive: true });
  await symlink(join(installed, bin.cem), join(project, 'node_modules', '.bin', 'cem'));
}

async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Manifest;
}

test.before(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'cem-package-'));
  project = join(temporary, 'project');
  installed = join(project, 'node_modules', 'cem-rag');
  const packed = run('npm', ['pack', '--silent', '--pack-destination', temporary], root);
  assert.is(packed.status, 0, packed.stderr + packed.stdout);
  const tarball = (await readdir(temporary)).find((name) => name.endsWith('.tgz'));
  assert.ok(tarball);
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"type": "module"}');
  if (installer === 'npm') installByNpm(join(temporary, tarball));
  else await install(join(temporary, tarball));
  manifest = await readManifest();
});
test.after(async () => {
  await rm(temporary, { recursive: true });
});

test('holds JavaScript, declarations, assets and the legal files, and neither sources nor tests', async () => {
  const files = (await readdir(installed, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  for (const path of files)
    assert.match(
      path,
      /^(dist\/.*\.(js|d\.ts|wasm|yaml|sql)|dist\/.*\/(FORMAT|CONFORMANCE|MAPPING|METADATA|SEGMENTS|PATCHES|GROUPS)\.md|checkpoints\/cem-small-en\/(query\/)?[\w.-]+|LICENSE|README\.md|CHANGELOG\.md|package\.json)$/,
    );
  for (const path of [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'dist/zpkg/FORMAT.md',
    'dist/model/kernels/wasm/compiled-kernels-thread.wasm',
    'dist/model/kernels/wasm/compiled-kernels.wasm',
    'dist/model/kernels/rows/row-kernels.wasm',
    'dist/configs/demo.yaml',
    'dist/search/postgres/migrations/0001-document-digests.sql',
    'dist/cli/process/doctor-probe.js',
    'checkpoints/cem-small-en/state.json',
    'checkpoints/cem-small-en/README.md',
  ])
    assert.ok(files.includes(path), path);
});

test('every door imports with plain Node', () => {
  const doors = Object.entries(manifest.exports).filter(([, target]) => typeof target !== 'string');
  assert.ok(doors.length >= 9);
  const source = `for (const door of process.argv.slice(1)) console.log([door, Object.keys(await import(door)).length > 0].join(' '));`;
  const names = doors.map(([door]) => door.replace(/^\./, manifest.name));
  const { status, stdout, stderr } = run(process.execPath, ['--input-type=module', '-e', source, ...names]);
  assert.is(status, 0, stderr);
  assert.equal(
    stdout.trim().split('\n'),
    names.map((name) => `${name} true`),
  );
});

test('its declarations are what TypeScript needs', async () => {
  const lines = Object.keys(manifest.exports)
    .filter((door) => door !== './package.json')
    .map((door, number) => `import * as door${number} from '${door.replace(/^\./, manifest.name)}';\nvoid door${number};`);
  lines.push(
    `import type { DocumentReader } from 'cem-rag/data';`,
    `import { parseFrame, ZpkgReader } from 'cem-rag/zpkg';`,
    'export async function size(path: string): Promise<number> { return parseFrame(await (await ZpkgReader.open(path)).compressedChunk(0)).size; }',
    'export const text = (reader: DocumentReader): Promise<string> => reader.documentById("a");',
    '// @ts-expect-error: the declarations say that a path is a string',
    'void size(1);',
  );
  await writeFile(join(project, 'consumer.ts'), lines.join('\n'));
  const args = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext', '--types', 'node'];
  const types = ['--typeRoots', join(root, 'node_modules', '@types')];
  const { status, stdout } = run(join(root, 'node_modules', '.bin', 'tsc'), [...args, ...types, 'consumer.ts']);
  assert.is(status, 0, stdout);
});

/** Folder of teachers beside the checkout: the shipped checkpoint's encodes the queries. */
const models = join(root, '..', 'shared', 'models');
const LONGEST_SCRIPT = 20;
const DOCUMENTS = [
  { _id: 'pool', title: 'Connections', text: 'Connections to the database come from a pool and must be returned to it.' },
  { _id: 'logs', title: 'Log files', text: 'Log files are rotated each day and kept for four weeks.' },
  { _id: 'coffee', title: 'Coffee', text: 'The coffee machine is descaled on the first Monday of the month.' },
];

const SCRIPT = `import { buildIndex, openSearcher, pack } from 'cem-rag';

await pack({ source: 'notes.jsonl', output: 'notes.zpkg', force: true });
await buildIndex({ corpus: 'notes.zpkg', index: 'notes.index', backend: 'wasm' });
const searcher = await openSearcher('notes.index');
try {
  const [best] = await searcher.search('when are old logs deleted?', { k: 1 });
  console.log(best.document, '|', best.text);
} finally {
  await searcher.close();
}
`;

const TYPED_SCRIPT = `import { isCemError, openSearcher, pack, buildIndex, type SearchResult } from 'cem-rag';

async function ask(index: string, question: string): Promise<SearchResult | undefined> {
  await using searcher = await openSearcher(index);
  const [best] = await searcher.search(question, { k: 1 });
  return best;
}

await pack({ source: 'notes.jsonl', output: 'typed.zpkg' });
await buildIndex({ corpus: 'typed.zpkg', index: 'typed.index', backend: 'wasm' });
const missing = await ask('no.index', 'anything').catch((error: unknown) => isCemError(error, 'INDEX_MISSING'));
const best = await ask('typed.index', 'when are old logs deleted?');
console.log(missing, best?.document, '|', best?.text);
`;

async function prepareScripts(): Promise<void> {
  for (const script of [SCRIPT, TYPED_SCRIPT]) assert.ok(script.split('\n').length < LONGEST_SCRIPT);
  await writeFile(join(project, 'notes.jsonl'), DOCUMENTS.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

if (existsSync(models)) {
  test('a script in JavaScript packs, indexes and searches', async () => {
    await prepareScripts();
    await writeFile(join(project, 'first.js'), SCRIPT);
    const { status, stdout, stderr } = run(process.execPath, ['first.js'], project, { CEM_MODELS: models });
    assert.is(status, 0, stderr);
    assert.is(stdout.trim(), 'logs | Log files Log files are rotated each day and kept for four weeks.');
  });

  test('so does one in strict TypeScript, compiled', async () => {
    await prepareScripts();
    await writeFile(join(project, 'typed.ts'), TYPED_SCRIPT);
    const args = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--skipLibCheck', '--types', 'node'];
    const target = ['--target', 'es2022', '--lib', 'es2023,esnext.disposable,dom', '--module', 'nodenext'];
    const types = ['--typeRoots', join(root, 'node_modules', '@types')];
    const compiled = run(join(root, 'node_modules', '.bin', 'tsc'), [...args, ...target, ...types, 'typed.ts']);
    assert.is(compiled.status, 0, compiled.stdout);
    const { status, stdout, stderr } = run(process.execPath, ['typed.js'], project, { CEM_MODELS: models });
    assert.is(status, 0, stderr);
    assert.is(stdout.trim(), 'true logs | Log files Log files are rotated each day and kept for four weeks.');
  });
} else {
  test.skip('scripts that pack, index and search: ../shared/models, with the teacher of the shipped checkpoint, is not there', () =>
    undefined);
}

test('importing the main door loads no TensorFlow.js', () => {
  const source = "await import('cem-rag'); console.log(Object.keys(globalThis).filter((key) => /^_tf/.test(key)).length);";
  const { status, stdout, stderr } = run(process.execPath, ['--input-type=module', '-e', source]);
  assert.is(status, 0, stderr);
  assert.is(stdout.trim(), '0');
});

test('the program of a compressing thread loads and answers', async () => {
  const settings = { level: 1, dictionary: new Uint8Array(0), plainLiterals: false, targetChunkSize: 4096 };
  const worker = new Worker(join(installed, 'dist', 'data', 'packing', 'compression-worker.js'), {
    workerData: settings,
    execArgv: [],
  });
  try {
    assert.equal(await once(worker, 'message'), ['ready']);
    worker.postMessage(['a text', 'another']);
    const [answer] = (await once(worker, 'message')) as [{ partCounts: Uint32Array }];
    assert.equal([...answer.partCounts], [1, 1]);
  } finally {
    await worker.terminate();
  }
});

test('the command works with plain Node: help, packing, reading back', async () => {
  const cem = join(project, 'node_modules', '.bin', 'cem');
  const help = run(cem, ['--help']);
  assert.is(help.status, 0, help.stderr);
  assert.match(help.stdout, /cem <command>/);
  assert.match(help.stdout, /cem pack/);
  const rows = Array.from({ length: 300 }, (_, number) => ({
    _id: `d${number}`,
    text: `Document ${number}: ${'some words '.repeat(number)}`,
  }));
  await writeFile(join(project, 'corpus.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const packed = run(cem, ['pack', 'corpus.jsonl', 'corpus.zpkg', '--json']);
  assert.is(packed.status, 0, packed.stderr);
  assert.is((JSON.parse(packed.stdout) as { documents: number }).documents, 300);
  const read = run(cem, ['cat', 'corpus.zpkg', '--id', 'd7']);
  assert.is(read.stdout.trim(), rows[7]!.text.trim(), read.stderr);
  const wrong = run(cem, ['pack']);
  assert.is(wrong.status, 2);
});

test.run();
