/**
 * `npm run gpu-bundle`: what `gpu-check` needs in one archive: Node, the addon, sources, packages and texts, for a GPU machine that reaches no network and has neither Node nor a compiler. What is
 * too large for it must be there: the driver, a PJRT plugin with CUDA's libraries (as an installed JAX has them), and PyTorch for the peers.
 */
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CemError, formatBytes } from '../base/index.ts';
import { pjrtAddonPath } from '../model/backend/xla/pjrt/addon.ts';
import { installedPackages, readMarkdownFiles } from '../recipes/shared/installed-markdown.ts';
import { bundleFiles, root } from './gpu/bundle-files.ts';

const NAME = 'cem-gpu-check';
const MOST_BYTES = 60 * 2 ** 20;

const SCRIPT = `#!/bin/sh
# Runs gpu-check from this folder; --help says what it takes. It writes below this folder, and nowhere else but in the folder of --out and in that for temporary files.
#
# What is not in here is looked for on this machine:
# - the plugin of XLA: CEM_PJRT (path of a library); cache/native/xla/{cuda13,cuda12,rocm,cpu} here;
#   then jax_plugins/* in the packages of CEM_PYTHON, else of python3 on PATH (pip's jax[cuda13] brings it)
# - libcuda.so.1, by the system's loader; CUDA's libraries, beside the plugin (nvidia/*/lib), then by the system's loader
# - libdevice: nvidia/cu13 or nvidia/cuda_nvcc beside the plugin; CUDA_HOME, CUDA_PATH, /usr/local/cuda
# - torch and transformers: in the interpreter of --python, else of CEM_PYTHON, else python3
here=$(cd "$(dirname "$0")" && pwd)
export CEM_CACHE="\${CEM_CACHE:-$here/cache}"
export INIT_CWD=$(pwd)
cd "$here" && exec ./node --import tsx bench/gpu-check.ts "$@"
`;

function say(line: string): void {
  process.stdout.write(`gpu-bundle: ${line}\n`);
}

/** Whether a program ran to a good end; false where it is not there. */
function runs(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): boolean {
  return spawnSync(command, args, { stdio: 'ignore', env: { ...process.env, ...environment } }).status === 0;
}

async function fill(folder: string): Promise<void> {
  const addon = pjrtAddonPath();
  await mkdir(join(folder, 'cache', 'native'), { recursive: true });
  await copyFile(addon, join(folder, 'cache', 'native', addon.slice(dirname(addon).length + 1))).catch((cause: unknown) => {
    throw new CemError('GPU_BUNDLE_ADDON', `the addon is not compiled (${addon}): run \`npm run native -- --xla cpu\` first`, {
      cause,
    });
  });
  const files = await bundleFiles();
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await copyFile(join(root, file), join(folder, file));
  }
  const texts = await readMarkdownFiles(installedPackages());
  for (const { name, markdown } of texts) {
    const path = join(folder, 'texts', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, markdown);
  }
  await cp(process.execPath, join(folder, 'node'));
  const stripped = runs('strip', [join(folder, 'node')]) && runs(join(folder, 'node'), ['--version']);
  if (!stripped) await cp(process.execPath, join(folder, 'node'));
  await writeFile(join(folder, 'gpu-check.sh'), SCRIPT);
  await chmod(join(folder, 'gpu-check.sh'), 0o755);
  say(
    `${files.length} files, ${texts.length} texts, Node ${process.versions.node}${stripped ? ' without its symbols' : ''}, ${addon}`,
  );
}

/** Packs the folder as .tar.xz, or as .tar.gz where there is no xz. */
function pack(parent: string, out: string): string {
  if (runs('xz', ['--version'])) {
    const path = `${out}.tar.xz`;
    if (runs('tar', ['-C', parent, '-cJf', path, NAME], { XZ_OPT: process.env['XZ_OPT'] ?? '-6 -T1' })) return path;
  }
  const path = `${out}.tar.gz`;
  if (runs('tar', ['-C', parent, '-czf', path, NAME], { GZIP: '-9' })) return path;
  throw new CemError('GPU_BUNDLE_PACK', `tar could not write ${path}`);
}

const { values } = parseArgs({ options: { out: { type: 'string', default: NAME } } });
const parent = await mkdtemp(join(tmpdir(), 'cem-gpu-bundle-'));
try {
  await mkdir(join(parent, NAME));
  await fill(join(parent, NAME));
  const path = pack(parent, resolve(process.env['INIT_CWD'] ?? '.', values.out));
  const { size } = await stat(path);
  say(`${path}: ${formatBytes(size)}`);
  say(`there: tar xf ${path.slice(dirname(path).length + 1)} (or python3 -m tarfile -e …), then ${NAME}/gpu-check.sh`);
  if (size > MOST_BYTES)
    throw new CemError('GPU_BUNDLE_SIZE', `the bundle has ${formatBytes(size)}, and may have ${formatBytes(MOST_BYTES)}`);
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stderr.write(`gpu-bundle: ${error.message} [${error.code}]\n`);
  process.exitCode = 1;
} finally {
  await rm(parent, { recursive: true, force: true });
}
