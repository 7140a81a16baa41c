import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError } from '../../base/index.ts';
import { lastLines, runCommand } from './command.ts';
import { libraryCache, libraryInFolder, type TensorFlowLibrary, WHEEL_VERSION } from './tensorflow-library.ts';

const INSTALL_LIMIT_MS = 3_600_000;

/** Where the packages lie: another name than that of processors' libraries, which are linked into the addon's folder. */
function gpuFolder(): string {
  return join(libraryCache(), `cuda-tensorflow-${WHEEL_VERSION}`);
}

/** Names of NVIDIA's GPUs, as the driver lists them; TensorFlow's addon takes the last one. */
export function gpuNames(): string[] {
  const folder = '/proc/driver/nvidia/gpus';
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => /^Model:\s*(.+)$/m.exec(readFileSync(join(folder, name, 'information'), 'utf8'))?.[1] ?? 'unknown');
  } catch {
    return [];
  }
}

/** Installs by pip into a folder. Throws CemError `NATIVE_DOWNLOAD`. */
async function install(python: string, folder: string, packages: readonly string[]): Promise<void> {
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    '--no-compile',
    '--disable-pip-version-check',
    '--only-binary=:all:',
  ];
  const { status, output } = await runCommand(python, [...args, '--target', folder, ...packages], {
    timeoutMs: INSTALL_LIMIT_MS,
  });
  if (status === 0) return;
  throw new CemError(
    'NATIVE_DOWNLOAD',
    `pip could not install ${packages[0]}:\n${lastLines(output, 5)}\nIs pip installed (\`${python} -m pip --version\`), its index reachable, and this Python one that TensorFlow ${WHEEL_VERSION} has a wheel for?`,
    { details: { packages } },
  );
}

/** The packages of CUDA that a wheel of TensorFlow names as its extra `and-cuda`. */
async function cudaPackages(folder: string): Promise<string[]> {
  const metadata = await readFile(join(folder, `tensorflow-${WHEEL_VERSION}.dist-info`, 'METADATA'), 'utf8');
  return [...metadata.matchAll(/^Requires-Dist: (nvidia-[^;]+);.*extra == ["']and-cuda["']/gm)].map(([, requirement]) =>
    (requirement ?? '').replace(/[\s()]/g, ''),
  );
}

/**
 * TensorFlow with CUDA, from the cache, or by pip into it: `tensorflow/` and `nvidia/*\/lib` side by side, which is where the library looks for CUDA's; it is loaded from there.
 * Throws CemError `NATIVE_DOWNLOAD`.
 */
export async function gpuLibrary(python: string, say: (line: string) => void): Promise<TensorFlowLibrary> {
  const kept = await libraryInFolder(gpuFolder(), true);
  say(`TensorFlow with CUDA of an earlier run: ${kept ? kept.libraries : 'none'}`);
  if (kept) return kept;
  await mkdir(libraryCache(), { recursive: true });
  const unfinished = await mkdtemp(join(libraryCache(), 'unfinished-'));
  try {
    say('pip installs TensorFlow for GPUs (600 MB)…');
    await install(python, unfinished, [`tensorflow==${WHEEL_VERSION}`]);
    const packages = await cudaPackages(unfinished);
    say(`pip installs ${packages.length} packages of CUDA (some GB)…`);
    await install(python, unfinished, packages);
    await rm(gpuFolder(), { recursive: true, force: true });
    await rename(unfinished, gpuFolder());
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  const library = await libraryInFolder(gpuFolder(), true);
  if (!library)
    throw new CemError('NATIVE_WHEEL', `${gpuFolder()} holds no TensorFlow C library: this wheel is laid out in another way.`);
  say(`installed in ${gpuFolder()}`);
  return library;
}
