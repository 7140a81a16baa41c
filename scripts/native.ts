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
import { missingCudaLibraries, missingDriver } from '../model/backend/xla/pjrt/vendor-libraries.ts';
import { type AddonProof, buildAddon, buildProcessGuard, proveAddon, restorePackage } from './native/addon.ts';
import { runCommand } from './native/command.ts';
import { buildKernels } from './native/kernels.ts';
import { gpuLibrary, gpuNames } from './native/tensorflow-gpu.ts';
import {
  cachedLibrary,
  downloadLibrary,
  findPython,
  libraryAtPath,
  libraryInFolder,
  type TensorFlowLibrary,
  tensorFlowOfPython,
} from './native/tensorflow-library.ts';
import { makePjrtAddon, makeXla, parseVariant } from './native/xla.ts';

const USAGE = `npm run native -- [--tensorflow PATH] [--force]
npm run native -- --cuda [--force]
npm run native -- --xla [cpu|cuda13|cuda12|rocm] [--force]

Makes the \`tensorflow\` backend work here. Looks, in this order, for a working addon, PATH, an installed Python TensorFlow, a wheel by pip.
Then compiles the native kernels, unless those of the same sources are there, and the addon of \`xla\`.

With --cuda, builds the addon against a TensorFlow with CUDA 12, which pip fetches with CUDA's libraries, for NVIDIA's GPUs.

With --xla, makes the \`xla\` backend work instead: its addon, then a plugin of XLA for the machine's GPU or processor, from CEM_PJRT, the cache,
an installed JAX, or by pip. Without a name, the one that the machine's driver suggests.

  --tensorflow PATH  a TensorFlow wheel (*.whl), or a folder with its C library and include/
  --cuda             TensorFlow for NVIDIA's GPUs; \`xla\` is the faster backend on them
  --xla [NAME]       the plugin for processors (cpu), NVIDIA's GPUs (cuda13, cuda12) or AMD's (rocm)
  --force            build and install even if what is there works
`;

const root = fileURLToPath(new URL('..', import.meta.url));

function say(line: string): void {
  process.stdout.write(`native: ${line}\n`);
}

function describe(proof: AddonProof): string {
  const device = proof.gpu ? ` on a GPU (${gpuNames().join(', ') || 'of unknown name'})` : '';
  return `works: TensorFlow ${proof.version}${device}, matrix product 1024^3 at ${proof.gigaflops.toFixed(0)} GFLOP/s`;
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

async function findLibrary(path: string | undefined, cuda: boolean, python: string): Promise<TensorFlowLibrary> {
  if (path !== undefined) {
    const library = await libraryAtPath(path, python);
    say(`--tensorflow: ${join(library.libraries, library.main)}`);
    return library;
  }
  if (cuda) return gpuLibrary(python, say);
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

/** Says plainly where there is no GPU to build for. Throws CemError `NATIVE_DRIVER`, unless forced. */
function requireDriver(force: boolean): void {
  const lacking = missingDriver();
  if (lacking === undefined) return;
  say(`--cuda: ${lacking}`);
  if (!force) throw new CemError('NATIVE_DRIVER', `there is no GPU to use here: ${lacking}. --force builds all the same.`);
}

async function main(): Promise<void> {
  const options = {
    tensorflow: { type: 'string' },
    cuda: { type: 'boolean' },
    xla: { type: 'boolean' },
    force: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  let values: { tensorflow?: string; cuda?: boolean; xla?: boolean; force?: boolean; help?: boolean };
  let names: readonly string[];
  try {
    ({ values, positionals: names } = parseArgs({ options, allowPositionals: true }));
    if (names.length > (values.xla ? 1 : 0)) throw new Error(`unexpected: ${names.join(' ')}`);
  } catch (error) {
    throw new UsageError('USAGE', `${(error as Error).message}\n${USAGE}`);
  }
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  if (values.xla) {
    await makeXla(parseVariant(names[0]), values.force ?? false, say);
    return;
  }
  const cuda = values.cuda ?? false;
  if (cuda) requireDriver(values.force ?? false);
  const { name, version } = await choosePackage();
  if (!existsSync(join(root, 'node_modules', name, 'binding.gyp'))) {
    say(`${name} is not installed (npm drops it when its own download fails): installing its files`);
    await restorePackage(root, name, version);
  }
  const before = await proveAddon(root, name);
  say(`addon of ${name}: ${typeof before === 'string' ? `does not work (${before})` : describe(before)}`);
  if (typeof before !== 'string' && !values.force && (before.gpu || !cuda)) {
    await makeProcessGuard(name);
    await makeKernels(name, false);
    await makePjrtAddon(false, say);
    return;
  }
  const python = await requireTools();
  const library = await findLibrary(values.tensorflow, cuda, python);
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
  if (cuda && !after.gpu) {
    const missing = missingCudaLibraries(join(library.libraries, '..'));
    const libraries =
      missing.length > 0 ? `These libraries are missing: ${missing.join(', ')}.` : 'All libraries are there that it looks for.';
    throw new CemError(
      'NATIVE_PROOF',
      `TensorFlow computes, but on the processor: it found no GPU. ${libraries} TF_CPP_MIN_LOG_LEVEL=0 TF_CPP_MAX_VLOG_LEVEL=3 makes it say more.`,
    );
  }
  if (!after.gpu) await makeKernels(name, true);
  await makePjrtAddon(false, say);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stderr.write(`native: ${error.message} [${error.code}]\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
