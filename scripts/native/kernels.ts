import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NATIVE_KERNELS_FILE } from '../../model/kernels/native/native-library.ts';
import { lastLines, runCommand } from './command.ts';
import { runWithPackage } from './run-with-package.ts';

/** The C sources of the kernels. */
const SOURCES = fileURLToPath(new URL('../../model/kernels/c/', import.meta.url));

const COMPILE_LIMIT_MS = 300_000;

/**
 * For the processor that compiles. Sums are taken as they are written (a kernel that may reorder its own says so beside it), and infinities and NaN pass through: a loss that is no
 * number has to be seen.
 */
const COMPILE_OPTIONS = [
  '-std=gnu11',
  '-shared',
  '-fPIC',
  '-O3',
  '-march=native',
  '-ffp-contract=fast',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-fvisibility=hidden',
  '-pthread',
  '-Wall',
  '-Wextra',
];

/** What came of `buildKernels`. */
export type KernelBuild = { readonly state: 'compiled' | 'present' } | { readonly state: 'failed'; readonly reason: string };

/** The C files, in a fixed order. */
async function sourceFiles(): Promise<string[]> {
  return (await readdir(SOURCES)).filter((name) => /\.[ch]$/.test(name)).sort();
}

/** Hash of the sources and of how they are compiled; the library carries it. */
export async function sourceHash(): Promise<string> {
  const names = await sourceFiles();
  const hash = createHash('sha256').update(COMPILE_OPTIONS.join(' '));
  for (const name of names) hash.update(`\0${name}\0`).update(await readFile(join(SOURCES, name)));
  return hash.digest('hex').slice(0, 32);
}

/**
 * Compiles the kernels against the TensorFlow library of a package that works, unless a library of the same sources is there. Nothing depends on it: without the library, the backend is
 * slower and otherwise the same.
 *
 * @param force compile even then
 */
export async function buildKernels(root: string, packageName: string, force: boolean): Promise<KernelBuild> {
  const packageFolder = join(root, 'node_modules', packageName);
  const target = join(packageFolder, NATIVE_KERNELS_FILE);
  const hash = await sourceHash();
  const before = await readFile(target).catch(() => undefined);
  if (before?.includes(hash) && !force) return { state: 'present' };
  const libraries = join(packageFolder, 'deps', 'lib');
  const unfinished = `${target}.${process.pid}.node`;
  const compiler = process.env['CC'] || 'cc';
  const { status, output } = await runCommand(
    compiler,
    [
      ...COMPILE_OPTIONS,
      `-DCEM_NATIVE_SOURCES="${hash}"`,
      '-o',
      unfinished,
      ...(await sourceFiles()).filter((name) => name.endsWith('.c')).map((name) => join(SOURCES, name)),
      `-L${libraries}`,
      '-ltensorflow_framework',
      '-ltensorflow',
      '-lm',
      // The addon has loaded these very files before; the path is for a loader that looks for them nevertheless.
      '-Wl,-rpath,$ORIGIN/../deps/lib',
      // Node closes what a worker thread has loaded, and TensorFlow keeps pointing to what is registered.
      '-Wl,-z,nodelete',
      // Node's own functions, and what the libraries have from each other.
      '-Wl,--allow-shlib-undefined',
    ],
    { timeoutMs: COMPILE_LIMIT_MS },
  );
  try {
    if (status !== 0) return { state: 'failed', reason: `${compiler}: ${lastLines(output, 25)}` };
    const failure = await tryLibrary(root, packageName, unfinished);
    if (failure !== undefined) return { state: 'failed', reason: failure };
    await rename(unfinished, target);
    return { state: 'compiled' };
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** 3^2 + 4^2 is 25. */
const TRIAL_SCRIPT = `
const tf = loadPackage();
const { problem } = require(process.argv[3]);
if (problem) throw new Error(problem);
const backend = tf.backend();
const count = { name: 'N', type: backend.binding.TF_ATTR_INT, value: 1 };
const sum = backend.executeSingleOutput('CemSumOfSquares', [count], [tf.tensor1d([3, 4])]).dataSync()[0];
if (sum !== 25) throw new Error('a sum came out wrong');
console.log('TRIAL');
`;

/** Why the library does not work, found out in a child process, which may crash; undefined where it does. */
async function tryLibrary(root: string, packageName: string, library: string): Promise<string | undefined> {
  const { status, stdout, output } = await runWithPackage(root, packageName, TRIAL_SCRIPT, [library], COMPILE_LIMIT_MS);
  if (status === 0 && stdout.includes('TRIAL')) return undefined;
  const reason = output.split('\n').find((text) => /Error: |symbol|ended by/.test(text));
  return `the compiled library does not work: ${reason?.trim() ?? `exit status ${status}`}`;
}
