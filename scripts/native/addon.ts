import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CemError } from '../../base/index.ts';
import { PROCESS_GUARD_FILE } from '../../model/backend/process-guard.ts';
import { lastLines, runCommand } from './command.ts';
import { runWithPackage } from './run-with-package.ts';
import type { TensorFlowLibrary } from './tensorflow-library.ts';

/** What a working addon says of itself. */
export interface AddonProof {
  readonly version: string;
  /** Whether it computes on a GPU. */
  readonly gpu: boolean;
  /** 1024^3 product, the best of three. */
  readonly gigaflops: number;
}

/** Multiplies two 1024 x 1024 matrices of ones (each element of the product is 1024) three times and says how fast. */
const PROOF_SCRIPT = `
const tf = loadPackage();
if (tf.getBackend() !== 'tensorflow') throw new Error('backend is ' + tf.getBackend());
const ones = tf.ones([1024, 1024]);
let best = Infinity;
for (let run = 0; run < 4; run++) {
  const start = process.hrtime.bigint();
  const product = tf.matMul(ones, ones);
  if (product.dataSync()[1024 * 1024 - 1] !== 1024) throw new Error('a matrix product came out wrong');
  if (run > 0) best = Math.min(best, Number(process.hrtime.bigint() - start));
}
console.log('PROOF ' + JSON.stringify({ version: tf.backend().binding.TF_Version, gpu: tf.backend().isUsingGpuDevice, gigaflops: 2 * 1024 ** 3 / best }));
`;

const PROOF_LIMIT_MS = 120_000;
const BUILD_LIMIT_MS = 600_000;

/** Proves in a child process, which may crash, that the package computes. Gives the reason where it does not. */
export async function proveAddon(root: string, packageName: string): Promise<AddonProof | string> {
  const { status, output } = await runWithPackage(root, packageName, PROOF_SCRIPT, [], PROOF_LIMIT_MS);
  const line = output.split('\n').find((text) => text.startsWith('PROOF '));
  if (status === 0 && line) return JSON.parse(line.slice('PROOF '.length)) as AddonProof;
  const reason = output.split('\n').find((text) => /Error: |cannot open|ended by/.test(text));
  return reason?.trim() ?? `exit status ${status}`;
}

/**
 * Puts the package's files back without running any install script. npm 10 drops an optional package whose install script failed;
 * `--ignore-scripts --no-save` leaves what is already built, and package.json and its lock, as they are.
 */
export async function restorePackage(root: string, packageName: string, version: string): Promise<void> {
  const npm = process.env['npm_execpath'];
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', `${packageName}@${version}`];
  const { status, output } = npm
    ? await runCommand(process.execPath, [npm, ...args], { cwd: root })
    : await runCommand('npm', args, { cwd: root });
  if (status !== 0 || !existsSync(join(root, 'node_modules', packageName, 'binding.gyp'))) {
    throw new CemError(
      'NATIVE_PACKAGE',
      `npm could not install ${packageName}@${version}:\n${lastLines(output)}\nIs the npm registry reachable?`,
      {
        details: { packageName, version },
      },
    );
  }
}

/** A hard link where the file system allows it (outlives the cache), else a copy. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch {
    await copyFile(source, target);
  }
}

/** Lays the library and the headers where the package's binding.gyp looks for them: `deps/lib`, `deps/include`. */
async function layDependencies(packageFolder: string, library: TensorFlowLibrary): Promise<void> {
  const folder = join(packageFolder, 'deps');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'lib'), { recursive: true });
  await symlink(library.include, join(folder, 'include'));
  const names = await readdir(library.libraries);
  const framework = ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'].find((name) => names.includes(name));
  if (!framework)
    throw new CemError(
      'NATIVE_TENSORFLOW_PATH',
      `${library.libraries} holds no libtensorflow_framework.so; give another folder by --tensorflow.`,
    );
  const place = (name: string) => join(folder, 'lib', name);
  // The linker asks for the short names; the loader asks for the names that the libraries give themselves.
  for (const [name, short] of [
    [library.main, 'libtensorflow.so'],
    [framework, 'libtensorflow_framework.so'],
  ] as const) {
    if (library.external) {
      await symlink(join(library.libraries, name), place(short));
    } else {
      await linkOrCopy(join(library.libraries, name), place(name));
      if (name !== short) await symlink(name, place(short));
    }
  }
}

/** The folder whose `include/node/` holds the headers of this very Node: spares node-gyp a download. Undefined where they were not installed with it. */
function headersBesideNode(): string | undefined {
  const installation = dirname(dirname(process.execPath));
  return existsSync(join(installation, 'include', 'node', 'node_api.h')) ? installation : undefined;
}

/** Where neither a folder nor a download has the headers, a compiler's message does not say what is missing. */
function adviceOnHeaders(output: string): string {
  if (
    headersBesideNode() !== undefined ||
    !/node_api\.h|common\.gypi|-headers|gyp ERR! (configure|install)|FetchError|ENOTFOUND|ECONNREFUSED/.test(output)
  )
    return '';
  return (
    `Compiling needs the headers of Node ${process.version}: they do not lie beside ${process.execPath}, and node-gyp could not fetch them. ` +
    `Unpack node-${process.version}-headers.tar.gz of nodejs.org's releases, or take the npm package node-${process.platform}-${process.arch}, and give its folder (which holds include/node/): ` +
    'npm_config_nodedir=FOLDER npm run native.\n'
  );
}

/** Compiles the package's own C++ source against the library (seconds). Throws CemError `NATIVE_BUILD` with the compiler's last lines. */
export async function buildAddon(root: string, packageName: string, library: TensorFlowLibrary, python: string): Promise<void> {
  const packageFolder = join(root, 'node_modules', packageName);
  await layDependencies(packageFolder, library);
  const builder = createRequire(join(packageFolder, 'package.json')).resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp');
  const environment: NodeJS.ProcessEnv = { ...process.env, PYTHON: python };
  const installation = headersBesideNode();
  if (installation !== undefined) environment['npm_config_nodedir'] = installation;
  if (library.external)
    environment['LDFLAGS'] = `${process.env['LDFLAGS'] ?? ''} -Wl,-rpath,${resolve(library.libraries)}`.trim();
  const { status, output } = await runCommand(process.execPath, [builder, 'install', '--build-from-source'], {
    cwd: packageFolder,
    env: environment,
    timeoutMs: BUILD_LIMIT_MS,
  });
  if (status !== 0) {
    throw new CemError(
      'NATIVE_BUILD',
      `the addon of ${packageName} did not compile:\n${lastLines(output, 25)}\n${adviceOnHeaders(output)}Run \`npm run native\` again when this is mended; it starts over.`,
      {
        details: { packageName },
      },
    );
  }
}

/**
 * Compiles `process.c` into the package: signals wait while the library computes, and it writes nothing to standard error while it is loaded.
 *
 * @returns why it does not compile, or undefined
 */
export async function buildProcessGuard(root: string, packageName: string): Promise<string | undefined> {
  const source = fileURLToPath(new URL('./process.c', import.meta.url));
  const target = join(root, 'node_modules', packageName, PROCESS_GUARD_FILE);
  const unfinished = `${target}.${process.pid}`;
  const compiler = process.env['CC'] || 'cc';
  const options = ['-shared', '-fPIC', '-O1', '-pthread', '-o', unfinished, source];
  const { status, output } = await runCommand(compiler, options, { timeoutMs: BUILD_LIMIT_MS });
  if (status !== 0) {
    await rm(unfinished, { force: true });
    return `${compiler}: ${lastLines(output, 25)}`;
  }
  await rename(unfinished, target);
  return undefined;
}
