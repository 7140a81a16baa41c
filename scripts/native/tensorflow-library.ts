import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { CemError, cacheFolder } from '../../base/index.ts';
import { lastLines, runCommand } from './command.ts';

/** TensorFlow's C library and headers, wherever they were found. */
export interface TensorFlowLibrary {
  /** Folder of `libtensorflow_cc.so.2` (or `libtensorflow.so.2`) and `libtensorflow_framework.so.2`. */
  readonly libraries: string;
  /** File name of the library that holds the C interface. */
  readonly main: string;
  /** Folder that holds `tensorflow/c/c_api.h`. */
  readonly include: string;
  /**
   * Whether the files stay the user's: then they are loaded from where they lie (a GPU build looks for CUDA's libraries relative to its
   * own place). Ours, in the cache, are linked into the addon's folder and outlive the cache.
   */
  readonly external: boolean;
}

/** The release that the addon was built and measured with (shared/design/backends.md). */
export const WHEEL_VERSION = '2.21.0';

/** The wheel's tag names a Python, but its C library needs none: one fixed tag makes the choice independent of the Python that runs pip. */
const WHEEL_PYTHON = '311';

/** What of a wheel the addon needs: 1 GB of the library instead of all 13,000 headers and the Python part. */
const WHEEL_PARTS = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/',
];

const MAIN_NAMES = ['libtensorflow_cc.so.2', 'libtensorflow.so.2', 'libtensorflow.so'];

/** Where extracted libraries are kept, so that they outlive `npm ci`. */
export function libraryCache(): string {
  return join(cacheFolder(), 'native');
}

/** The library in a folder laid out as a wheel's `tensorflow/` (libraries beside `include/`) or as a C release (`lib/` beside `include/`). */
export async function libraryInFolder(folder: string, external: boolean): Promise<TensorFlowLibrary | undefined> {
  const root = resolve(folder);
  for (const base of [root, join(root, 'tensorflow')]) {
    const include = join(base, 'include');
    if (!existsSync(join(include, 'tensorflow', 'c', 'c_api.h'))) continue;
    for (const libraries of [base, join(base, 'lib')]) {
      const names: readonly string[] = await readdir(libraries).catch(() => []);
      const main = MAIN_NAMES.find((name) => names.includes(name));
      if (main && names.some((name) => name.startsWith('libtensorflow_framework.so')))
        return { libraries, main, include, external };
    }
  }
  return undefined;
}

/** The first Python 3 that answers, or undefined. `PYTHON` names one. */
export async function findPython(): Promise<string | undefined> {
  for (const name of [process.env['PYTHON'], 'python3', 'python']) {
    if (!name) continue;
    const { status } = await runCommand(name, ['-c', 'import sys; sys.exit(sys.version_info < (3, 8))']);
    if (status === 0) return name;
  }
  return undefined;
}

/** Folder of the TensorFlow that this Python would import, without importing it. */
export async function tensorFlowOfPython(python: string): Promise<string | undefined> {
  const script = [
    'import importlib.util',
    'spec = importlib.util.find_spec("tensorflow")',
    'print(spec.submodule_search_locations[0] if spec and spec.submodule_search_locations else "")',
  ].join('\n');
  const { status, stdout } = await runCommand(python, ['-c', script]);
  const folder = stdout.trim();
  return status === 0 && folder !== '' ? folder : undefined;
}

/**
 * Takes the library and its headers out of a wheel into the cache; the wheel itself is left where it is.
 * The folder appears whole or not at all: it is extracted beside its place and renamed.
 */
export async function extractWheel(python: string, wheel: string): Promise<TensorFlowLibrary> {
  const name = basename(wheel).split('-').slice(0, 2).join('-');
  const folder = join(libraryCache(), name);
  const kept = await libraryInFolder(folder, false);
  if (kept) return kept;
  await mkdir(libraryCache(), { recursive: true });
  const unfinished = await mkdtemp(join(libraryCache(), 'unfinished-'));
  try {
    const script = [
      'import sys, zipfile',
      'wheel, out, *parts = sys.argv[1:]',
      'with zipfile.ZipFile(wheel) as archive:',
      '    for name in archive.namelist():',
      '        if name.startswith(tuple(parts)): archive.extract(name, out)',
    ].join('\n');
    const { status, output } = await runCommand(python, ['-c', script, wheel, unfinished, ...WHEEL_PARTS]);
    if (status !== 0 || !(await libraryInFolder(unfinished, false))) {
      throw new CemError(
        'NATIVE_WHEEL',
        `${wheel} is not a TensorFlow wheel for Linux, or is damaged:\n${lastLines(output)}\nGive another one by --tensorflow FILE.`,
        {
          details: { wheel },
        },
      );
    }
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  const library = await libraryInFolder(folder, false);
  if (!library)
    throw new CemError('NATIVE_WHEEL', `${folder} was emptied while it was being filled; run \`npm run native\` again.`);
  return library;
}

/** The library that an earlier run extracted, if any. */
export async function cachedLibrary(): Promise<TensorFlowLibrary | undefined> {
  const names = await readdir(libraryCache()).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith('tensorflow')).sort()) {
    const library = await libraryInFolder(join(libraryCache(), name), false);
    if (library) return library;
  }
  return undefined;
}

/** Downloads the wheel with pip, extracts what is needed and removes the wheel (274 MB). */
export async function downloadLibrary(python: string): Promise<TensorFlowLibrary> {
  await mkdir(libraryCache(), { recursive: true });
  const folder = await mkdtemp(join(libraryCache(), 'download-'));
  const [name, platform] =
    process.arch === 'arm64' ? ['tensorflow', 'manylinux_2_27_aarch64'] : ['tensorflow-cpu', 'manylinux_2_27_x86_64'];
  try {
    const args = [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--implementation',
      'cp',
      '--python-version',
      WHEEL_PYTHON,
    ];
    args.push('--platform', platform, '--dest', folder, `${name}==${WHEEL_VERSION}`);
    const { status, output } = await runCommand(python, args);
    const wheel = (await readdir(folder)).find((entry) => entry.endsWith('.whl'));
    if (status !== 0 || !wheel) {
      throw new CemError(
        'NATIVE_DOWNLOAD',
        `pip could not download ${name}==${WHEEL_VERSION}:\n${lastLines(output, 5)}\nIs pip installed (\`${python} -m pip --version\`) and its index reachable? ` +
          'A wheel or a TensorFlow folder that is already here is taken by `npm run native -- --tensorflow PATH`.',
        { details: { python } },
      );
    }
    return await extractWheel(python, join(folder, wheel));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the user named by `--tensorflow`: a wheel file, or a folder that holds the libraries and `include/`. Throws CemError `NATIVE_TENSORFLOW_PATH`. */
export async function libraryAtPath(path: string, python: string): Promise<TensorFlowLibrary> {
  const status = await stat(path).catch(() => undefined);
  if (status?.isFile() && path.endsWith('.whl')) return extractWheel(python, resolve(path));
  const library = status?.isDirectory() ? await libraryInFolder(path, true) : undefined;
  if (library) return library;
  throw new CemError(
    'NATIVE_TENSORFLOW_PATH',
    `${path} ${status ? 'holds no TensorFlow C library' : 'does not exist'}: --tensorflow takes a wheel (*.whl) or a folder with libtensorflow_cc.so.2, libtensorflow_framework.so.2 and include/tensorflow/c/c_api.h.`,
    { details: { path } },
  );
}
