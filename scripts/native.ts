/**
 * `npm run native`: makes the `tensorflow` backend work on machines where tfjs-node's own download does not, by compiling its addon against
 * a TensorFlow library that is found or fetched; and compiles our own kernels (model/kernels/c/) for it, which make training faster. Says at each step what it found; safe to interrupt and to repeat.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CemError, UsageError } from '../base/index.ts';
import { type AddonProof, buildAddon, buildProcessGuard, proveAddon, restorePackage } from './native/addon.ts';
import { runCommand } from './native/command.ts';
import { buildKernels } from './native/kernels.ts';
import {
  cachedLibrary,
  downloadLibrary,
  findPython,
  libraryAtPath,
  libraryInFolder,
  type TensorFlowLibrary,
  tensorFlowOfPython,
} from './native/tensorflow-library.ts';

const USAGE = `npm run native -- [--tensorflow PATH] [--force]

Makes the \`tensorflow\` backend work here. Looks, in this order, for a working addon, PATH, an installed Python TensorFlow, a wheel by pip.
Then compiles the native kernels, unless those of the same sources are there.

  --tensorflow PATH  a TensorFlow wheel (*.whl), or a folder with its C library and include/
  --force            build even if the addon and the kernels work
`;

const root = fileURLToPath(new URL('..', import.meta.url));

function say(line: string): void {
  process.stdout.write(`native: ${line}\n`);
}

function describe(proof: AddonProof): string {
  return `works: TensorFlow ${proof.version}, matrix product 1024^3 at ${proof.gigaflops.toFixed(0)} GFLOP/s`;
}

/** The GPU package where it is installed, else the CPU package, with the version that package.json pins. */
async function choosePackage(): Promise<{ name: string; version: string }> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    optionalDependencies?: Record<string, string>;
  };
  const version = manifest.optionalDependencies?.['@tensorflow/tfjs-node'];
  if (!version)
    throw new CemError(
      'NATIVE_PACKAGE',
      'package.json names no @tensorflow/tfjs-node among its optionalDependencies: put it back.',
    );
  const gpu = '@tensorflow/tfjs-node-gpu';
  return { name: existsSync(join(root, 'node_modules', gpu)) ? gpu : '@tensorflow/tfjs-node', version };
}

/** What compiling needs. Throws CemError `NATIVE_TOOLS` naming what is missing. */
async function requireTools(): Promise<string> {
  if (process.platform !== 'linux') {
    throw new CemError(
      'NATIVE_PLATFORM',
      `building against a TensorFlow wheel is known for Linux only, this is ${process.platform}; try \`npm rebuild @tensorflow/tfjs-node\`.`,
    );
  }
  const python = await findPython();
  const missing = python ? [] : ['Python 3 (python3)'];
  for (const [tool, name] of [
    [process.env['CXX'] || 'c++', 'a C++ compiler (c++)'],
    ['make', 'make'],
  ] as const) {
    if ((await runCommand(tool, ['--version'])).status !== 0) missing.push(name);
  }
  if (missing.length > 0 || !python) {
    throw new CemError(
      'NATIVE_TOOLS',
      `compiling the addon needs ${missing.join(', ')}; on Debian: apt-get install g++ make python3 python3-pip`,
      { details: { missing } },
    );
  }
  return python;
}

async function findLibrary(path: string | undefined, python: string): Promise<TensorFlowLibrary> {
  if (path !== undefined) {
    const library = await libraryAtPath(path, python);
    say(`--tensorflow: ${join(library.libraries, library.main)}`);
    return library;
  }
  const installed = await tensorFlowOfPython(python);
  const fromPython = installed ? await libraryInFolder(installed, true) : undefined;
  say(
    `Python's TensorFlow: ${fromPython ? fromPython.libraries : installed ? `${installed} has no C library` : 'not installed'}`,
  );
  if (fromPython) return fromPython;
  const cached = await cachedLibrary();
  say(`library of an earlier run: ${cached ? cached.libraries : 'none'}`);
  if (cached) return cached;
  say('downloading a TensorFlow wheel with pip (274 MB)…');
  const downloaded = await downloadLibrary(python);
  say(`extracted to ${downloaded.libraries}`);
  return downloaded;
}

/** Compiles what goes between the process and the library; says so where it does not work. */
async function makeProcessGuard(name: string): Promise<void> {
  const reason = await buildProcessGuard(root, name);
  if (reason !== undefined)
    say(
      `process.c does not compile here: TensorFlow will say a few lines when it starts, and a signal may break its sums:\n${reason}`,
    );
}

/** Compiles our kernels; says so where it does not work, and that all goes on without. */
async function makeKernels(name: string, force: boolean): Promise<void> {
  if (name.endsWith('-gpu')) {
    say('native kernels: for processors only, and the backend is that of the GPU');
    return;
  }
  const build = await buildKernels(root, name, force);
  if (build.state === 'failed')
    say(`native kernels do not compile here; training goes on without them, but slower:\n${build.reason}`);
  else say(`native kernels: ${build.state === 'present' ? 'there, of these sources' : 'compiled'}`);
}

async function main(): Promise<void> {
  const options = { tensorflow: { type: 'string' }, force: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  let values: { tensorflow?: string; force?: boolean; help?: boolean };
  try {
    values = parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError('USAGE', `${(error as Error).message}\n${USAGE}`);
  }
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { name, version } = await choosePackage();
  if (!existsSync(join(root, 'node_modules', name, 'binding.gyp'))) {
    say(`${name} is not installed (npm drops it when its own download fails): installing its files`);
    await restorePackage(root, name, version);
  }
  const before = await proveAddon(root, name);
  say(`addon of ${name}: ${typeof before === 'string' ? `does not work (${before})` : describe(before)}`);
  if (typeof before !== 'string' && !values.force) {
    await makeProcessGuard(name);
    await makeKernels(name, false);
    return;
  }
  const python = await requireTools();
  const library = await findLibrary(values.tensorflow, python);
  say('compiling the addon…');
  await buildAddon(root, name, library, python);
  await makeProcessGuard(name);
  const after = await proveAddon(root, name);
  if (typeof after === 'string') {
    throw new CemError(
      'NATIVE_PROOF',
      `the addon was built against ${library.libraries} but does not compute: ${after}. Try another TensorFlow by --tensorflow.`,
    );
  }
  say(`addon of ${name}: ${describe(after)}`);
  await makeKernels(name, true);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stderr.write(`native: ${error.message} [${error.code}]\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
