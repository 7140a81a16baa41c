import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CemError, formatBytes, UsageError } from '../../base/index.ts';
import {
  describePlugin,
  pluginsInPackages,
  XLA_VARIANTS,
  type XlaVariant,
  xlaFolder,
} from '../../model/backend/xla/pjrt/find-plugin.ts';
import { type FoundPlugin, findPjrtPlugins } from '../../model/backend/xla/pjrt/index.ts';
import { missingDriver } from '../../model/backend/xla/pjrt/vendor-libraries.ts';
import { lastLines, runCommand } from './command.ts';
import { buildPjrtAddon } from './pjrt-addon.ts';
import { findPython } from './tensorflow-library.ts';

type Say = (line: string) => void;

/** What pip installs for a variant: the plugin, pinned to the version that was tried, and for CUDA what XLA loads of it. */
const PACKAGES: Readonly<Record<XlaVariant, readonly string[]>> = {
  cpu: ['fastatomstruct-xla-cpu==2026.6.23'],
  cuda13: [
    'jax-cuda13-pjrt==0.12.0.1',
    'nvidia-cublas',
    'nvidia-cuda-cupti',
    'nvidia-cuda-nvcc',
    'nvidia-cuda-nvrtc',
    'nvidia-cuda-runtime',
    'nvidia-cudnn-cu13<10',
    'nvidia-cufft',
    'nvidia-cusolver',
    'nvidia-cusparse',
    'nvidia-nccl-cu13',
    'nvidia-nvjitlink',
    'nvidia-nvshmem-cu13',
    'nvidia-nvvm',
  ],
  cuda12: [
    'jax-cuda12-pjrt==0.10.2',
    'nvidia-cublas-cu12',
    'nvidia-cuda-cupti-cu12',
    'nvidia-cuda-nvcc-cu12',
    'nvidia-cuda-nvrtc-cu12',
    'nvidia-cuda-runtime-cu12',
    'nvidia-cudnn-cu12<10',
    'nvidia-cufft-cu12',
    'nvidia-cusolver-cu12',
    'nvidia-cusparse-cu12',
    'nvidia-nccl-cu12',
    'nvidia-nvjitlink-cu12',
    'nvidia-nvshmem-cu12',
  ],
  rocm: ['jax-rocm10-pjrt==0.12.0'],
};

/** What the download of a variant takes, for people to know before. */
const SIZES: Readonly<Record<XlaVariant, string>> = { cpu: '63 MB', cuda13: '2 GB', cuda12: '3 GB', rocm: 'a few hundred MB' };

/** Lowest major versions of NVIDIA's driver for CUDA 13 and 12 (CUDA's release notes, table of minor version compatibility). */
const DRIVER_CUDA_13 = 580;
const DRIVER_CUDA_12 = 525;

const INSTALL_LIMIT_MS = 3_600_000;
const PROOF_LIMIT_MS = 300_000;

/** Checks what stands after `--xla`. Throws UsageError. */
export function parseVariant(text: string | undefined): XlaVariant | undefined {
  if (text === undefined) return undefined;
  const known = XLA_VARIANTS.find((variant) => variant === text);
  if (known) return known;
  throw new UsageError('USAGE', `--xla takes one of ${XLA_VARIANTS.join(', ')}; got ${JSON.stringify(text)}.`);
}

/** What the machine's own driver suggests, and why. */
async function suggestVariant(): Promise<{ readonly variant: XlaVariant; readonly reason: string }> {
  const driver = await readFile('/proc/driver/nvidia/version', 'utf8').catch(() => '');
  const version = Number(/Kernel Module\D*(\d+)\./.exec(driver)?.[1] ?? 0);
  if (version >= DRIVER_CUDA_13) return { variant: 'cuda13', reason: `NVIDIA's driver ${version}` };
  if (version >= DRIVER_CUDA_12) return { variant: 'cuda12', reason: `NVIDIA's driver ${version}` };
  if (existsSync('/dev/kfd')) return { variant: 'rocm', reason: "AMD's driver" };
  return { variant: 'cpu', reason: version > 0 ? `NVIDIA's driver ${version} is too old for CUDA 12` : 'no driver of a GPU' };
}

/** A plugin of the variant that is at hand: the one that `CEM_PJRT` names, an earlier run's, an installed JAX's. */
function pluginAtHand(variant: XlaVariant, say: Say): FoundPlugin | undefined {
  const kind = variant.startsWith('cuda') ? 'cuda' : variant;
  const found = findPjrtPlugins();
  const plugin = found.find((candidate) => candidate.how === 'CEM_PJRT') ?? found.find((candidate) => candidate.kind === kind);
  say(
    `plugin at hand for ${variant}: ${plugin ? `${plugin.path} (${plugin.how})` : 'none in the cache, none among the packages of Python'}`,
  );
  return plugin;
}

/** Installs the variant's packages by pip into the cache: all or nothing. Throws CemError `NATIVE_TOOLS`, `NATIVE_DOWNLOAD`. */
async function installVariant(variant: XlaVariant, say: Say): Promise<FoundPlugin> {
  const python = await findPython();
  if (!python)
    throw new CemError(
      'NATIVE_TOOLS',
      'fetching a plugin needs Python 3 with pip; on Debian: apt-get install python3 python3-pip',
    );
  const folder = xlaFolder(variant);
  await mkdir(dirname(folder), { recursive: true });
  const unfinished = await mkdtemp(`${folder}-unfinished-`);
  const packages = PACKAGES[variant];
  say(
    `pip installs ${packages[0]}${packages.length > 1 ? ` and ${packages.length - 1} packages of CUDA` : ''} (${SIZES[variant]})…`,
  );
  try {
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-compile',
      '--disable-pip-version-check',
      '--only-binary=:all:',
      '--target',
      unfinished,
    ];
    const { status, output } = await runCommand(python, [...args, ...packages], { timeoutMs: INSTALL_LIMIT_MS });
    if (status !== 0 || pluginsInPackages(unfinished).length === 0) {
      throw new CemError(
        'NATIVE_DOWNLOAD',
        `pip could not install ${packages[0]}:\n${lastLines(output, 5)}\nIs pip installed (\`${python} -m pip --version\`), its index reachable, and this machine one for which there is a wheel (Linux; for cpu x86-64)? ` +
          'A plugin that is already here is taken by CEM_PJRT=PATH.',
        { details: { variant } },
      );
    }
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  const [path] = pluginsInPackages(folder);
  if (path === undefined)
    throw new CemError('NATIVE_DOWNLOAD', `${folder} was emptied while it was being filled; run this again.`);
  say(`installed in ${folder}`);
  return describePlugin(path, 'npm run native -- --xla');
}

/** Multiplies two 1024 x 1024 matrices of ones and says what computed and how fast: the best of three after the first. */
const PROOF_SCRIPT = `
const { PjrtClient } = await import(process.argv[1]);
const { describePlugin } = await import(process.argv[2]);
const start = performance.now();
const client = PjrtClient.open(describePlugin(process.argv[3], 'proof'));
const opened = performance.now();
const type = 'tensor<1024x1024xf32>';
const program = client.compile('module @proof { func.func public @main(%a: ' + type + ', %b: ' + type + ') -> ' + type +
  ' { %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : (' + type + ', ' + type + ') -> ' + type + ' return %0 : ' + type + ' } }');
const compiled = performance.now();
const ones = client.upload(new Float32Array(1024 * 1024).fill(1), 'f32', [1024, 1024]);
let best = Infinity;
for (let run = 0; run < 4; run++) {
  const before = performance.now();
  const [product] = program.execute([ones, ones]);
  const values = product.read();
  if (values[0] !== 1024 || values[1024 * 1024 - 1] !== 1024) throw new Error('a matrix product came out wrong');
  if (run > 0) best = Math.min(best, performance.now() - before);
  product.dispose();
}
const proof = {
  platform: client.platform, version: client.platformVersion, api: client.apiVersion, devices: client.devices.map(({ kind }) => kind),
  memory: client.memory()?.limit, start: opened - start, compile: compiled - opened, product: best,
};
client.close();
console.log('PROOF ' + JSON.stringify(proof));
`;

interface PluginProof {
  readonly platform: string;
  readonly version: string;
  readonly api: string;
  readonly devices: readonly string[];
  /** Bytes. */
  readonly memory?: number;
  /** Milliseconds: the client, a program, a product of 1024^3 with its copy to the host. */
  readonly start: number;
  readonly compile: number;
  readonly product: number;
}

/** Proves in a child process, which may crash, that the plugin computes. Gives the reason where it does not. */
async function provePlugin(plugin: FoundPlugin): Promise<PluginProof | string> {
  const modules = ['index.ts', 'find-plugin.ts'].map(
    (name) => new URL(`../../model/backend/xla/pjrt/${name}`, import.meta.url).href,
  );
  const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', PROOF_SCRIPT, ...modules, plugin.path];
  const { status, output } = await runCommand(process.execPath, args, { timeoutMs: PROOF_LIMIT_MS });
  const line = output.split('\n').find((text) => text.startsWith('PROOF '));
  if (status === 0 && line) return JSON.parse(line.slice('PROOF '.length)) as PluginProof;
  const reason = output.split('\n').find((text) => /Error: |ended by/.test(text));
  return reason?.trim() ?? `exit status ${status}`;
}

function describeProof(proof: PluginProof): string {
  const kinds = [...new Set(proof.devices)].map((kind) => `${proof.devices.filter((other) => other === kind).length} x ${kind}`);
  const memory = proof.memory === undefined ? '' : `, ${formatBytes(proof.memory)} of memory`;
  return `works: platform ${proof.platform}, PJRT ${proof.api}, ${kinds.join(', ')}${memory}; client in ${proof.start.toFixed(0)} ms, program compiled in ${proof.compile.toFixed(0)} ms, matrix product 1024^3 with its copy in ${proof.product.toFixed(1)} ms`;
}

/** Compiles the addon of the backend `xla`; says so where it does not work. */
export async function makePjrtAddon(force: boolean, say: Say): Promise<boolean> {
  const build = await buildPjrtAddon(force);
  if (build.state === 'failed') {
    say(
      `the addon of backend xla does not compile here; it needs a C compiler (on Debian: apt-get install gcc libc6-dev):\n${build.reason}`,
    );
    return false;
  }
  say(`addon of backend xla: ${build.state === 'present' ? 'there, of these sources' : 'compiled'}`);
  return true;
}

/** `npm run native -- --xla [VARIANT]`: the addon, a plugin, and a proof. Throws CemError where one of them cannot be had. */
export async function makeXla(asked: XlaVariant | undefined, force: boolean, say: Say): Promise<void> {
  if (!(await makePjrtAddon(force, say))) throw new CemError('NATIVE_BUILD', 'backend xla needs its addon.');
  const suggested = await suggestVariant();
  const variant = asked ?? suggested.variant;
  if (asked === undefined) say(`variant ${variant}: ${suggested.reason}`);
  const lacking = variant.startsWith('cuda') ? missingDriver() : undefined;
  if (lacking !== undefined) {
    say(`${variant}: ${lacking}`);
    if (!force)
      throw new CemError(
        'NATIVE_DRIVER',
        `${variant} needs a GPU's driver, and there is none: ${lacking}. --force installs the packages all the same.`,
      );
  }
  const atHand = force ? undefined : pluginAtHand(variant, say);
  const proofAtHand = atHand ? await provePlugin(atHand) : undefined;
  if (atHand && typeof proofAtHand === 'object') {
    say(describeProof(proofAtHand));
    return;
  }
  if (atHand) say(`it does not work (${proofAtHand})`);
  // A driver that is missing is not mended by another download.
  const installed = atHand?.path.startsWith(xlaFolder(variant)) ? atHand : await installVariant(variant, say);
  const proof = await provePlugin(installed);
  if (typeof proof === 'string') {
    throw new CemError(
      'NATIVE_PROOF',
      `the plugin ${installed.path} is there but does not compute: ${proof} Once that is mended, run this again; --force installs the packages anew.`,
      { details: { variant } },
    );
  }
  say(describeProof(proof));
}
