import { execFileSync } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { cacheFolder, UsageError } from '../../../../base/index.ts';
import type { CompilerSettings } from './compile-options.ts';
import type { ClientOption, PjrtPlugin } from './pjrt-client.ts';
import { cudaFolder, type PluginKind, pluginKind } from './vendor-libraries.ts';

/** A plugin that was found. */
export interface FoundPlugin extends PjrtPlugin {
  /** What it computes on, as far as its name says. */
  readonly kind: PluginKind;
  /** Where it was found, in words. */
  readonly how: string;
}

/** Folders of packages below the cache that `npm run native -- --xla` fills, in the order in which they are looked at. */
export const XLA_VARIANTS = ['cuda13', 'cuda12', 'rocm', 'cpu'] as const;
export type XlaVariant = (typeof XLA_VARIANTS)[number];

/** Where `npm run native -- --xla` puts a variant: a folder as pip fills one, so that a plugin finds the vendor's libraries beside itself. */
export function xlaFolder(variant: XlaVariant): string {
  return join(cacheFolder(), 'native', 'xla', variant);
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The libraries of plugins in a folder of Python packages: `jax_plugins/PLUGIN/*plugin*.so`, and the CPU's. */
export function pluginsInPackages(packages: string): string[] {
  const found: string[] = [];
  // The newest first: cuda13 before cuda12.
  for (const plugin of names(join(packages, 'jax_plugins')).reverse()) {
    const folder = join(packages, 'jax_plugins', plugin);
    const library = names(folder).find((name) => /plugin.*\.so$/.test(name));
    if (library) found.push(join(folder, library));
  }
  for (const plugin of names(packages)) {
    const library = /xla_cpu|pjrt_cpu/.test(plugin)
      ? names(join(packages, plugin)).find((name) => /^libpjrt.*\.so$/.test(name))
      : undefined;
    if (library) found.push(join(packages, plugin, library));
  }
  return found;
}

/** Share of a device's memory that may be taken, as `CEM_XLA_MEMORY` says. */
function memoryShare(): number | undefined {
  const text = process.env['CEM_XLA_MEMORY'];
  if (!text) return undefined;
  const share = Number(text);
  if (share > 0 && share <= 1) return share;
  throw new UsageError(
    'XLA_MEMORY_SHARE',
    `CEM_XLA_MEMORY is the share of a GPU's memory that may be taken, above 0 and up to 1; got ${JSON.stringify(text)}.`,
  );
}

/** How many devices the CPU plugin shows: one (by itself it shows four), or as `CEM_XLA_CPU_DEVICES` says. */
function cpuDevices(): number {
  const text = process.env['CEM_XLA_CPU_DEVICES'];
  if (!text) return 1;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count;
  throw new UsageError(
    'XLA_CPU_DEVICES',
    `CEM_XLA_CPU_DEVICES is how many devices the processor is shown as, 1 to 64; got ${JSON.stringify(text)}.`,
  );
}

/** Settings of XLA that `CEM_XLA_SETTINGS` names, as `NAME=VALUE` with commas between them; numbers and truth values are given as such. */
function namedSettings(): CompilerSettings {
  const text = process.env['CEM_XLA_SETTINGS'];
  if (!text) return {};
  const entries = text.split(',').map((part) => {
    const [, name, value] = /^\s*(xla_\w+)=(.*?)\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(
        'XLA_SETTINGS',
        `CEM_XLA_SETTINGS names settings of XLA's compiler, e.g. xla_backend_optimization_level=0, with commas between them; got ${JSON.stringify(text)}.`,
      );
    return [name, /^(true|false)$/.test(value) ? value === 'true' : /^-?\d+$/.test(value) ? Number(value) : value] as const;
  });
  return Object.fromEntries(entries);
}

/** A plugin with what its kind is started with: memory of a GPU is taken as it is needed, not three quarters of it at the start. */
export function describePlugin(path: string, how: string): FoundPlugin {
  const kind = pluginKind(path);
  const options: Record<string, ClientOption> = {};
  const settings: Record<string, CompilerSettings[string]> = {};
  if (kind === 'cuda' || kind === 'rocm') {
    options['preallocate'] = false;
    const share = memoryShare();
    if (share !== undefined) options['memory_fraction'] = { float: share };
  }
  if (kind === 'cpu') options['cpu_device_count'] = cpuDevices();
  const cuda = kind === 'cuda' ? cudaFolder(path) : undefined;
  if (cuda !== undefined) settings['xla_gpu_cuda_data_dir'] = cuda;
  return { path, kind, how, options, settings: { ...settings, ...namedSettings() } };
}

/** Where a program of this name lies on PATH. */
function onPath(program: string): string | undefined {
  if (program.includes(sep)) return existsSync(program) ? program : undefined;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** Whether a program is a script, which may stand for a program elsewhere. */
function isScript(path: string): boolean {
  const start = Buffer.alloc(2);
  const file = openSync(path, 'r');
  try {
    readSync(file, start);
  } finally {
    closeSync(file);
  }
  return start.toString() === '#!';
}

/** Prints the folders of packages of a Python, one a line. */
const PACKAGES_SCRIPT = 'import site, sys\nprint(*site.getsitepackages(), site.getusersitepackages(), sep="\\n")';

/** A Python that takes longer to say where its packages are hangs. */
const ASK_LIMIT_MS = 20_000;

/**
 * Folders of packages of `CEM_PYTHON`, else of the Python on PATH: found beside the program; where that is a script that stands for one, by asking it.
 *
 * @param ask whether it may be started, which takes a tenth of a second
 */
function pythonPackages(ask: boolean): string[] {
  const python = ['python3', 'python'].reduce<string | undefined>(
    (found, name) => found ?? onPath(name),
    process.env['CEM_PYTHON'] ? onPath(process.env['CEM_PYTHON']) : undefined,
  );
  if (python === undefined) return [];
  if (!isScript(python)) {
    const library = join(dirname(dirname(python)), 'lib');
    const user = join(homedir(), '.local', 'lib');
    return [library, user].flatMap((folder) =>
      names(folder)
        .filter((name) => /^python3/.test(name))
        .flatMap((name) => ['site-packages', 'dist-packages'].map((packages) => join(folder, name, packages))),
    );
  }
  if (!ask) return [];
  try {
    return execFileSync(python, ['-c', PACKAGES_SCRIPT], {
      encoding: 'utf8',
      timeout: ASK_LIMIT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .trim()
      .split('\n');
  } catch {
    return [];
  }
}

/** Plugins at hand, one after the other: no Python is asked before those of the cache are through. */
function* searchPlugins(asked: boolean): Generator<FoundPlugin> {
  const named = process.env['CEM_PJRT'];
  if (named) {
    if (!existsSync(named))
      throw new UsageError('XLA_PLUGIN', `CEM_PJRT is the path of a PJRT plugin's library (*.so); there is no file ${named}.`);
    yield describePlugin(named, 'CEM_PJRT');
    return;
  }
  for (const variant of XLA_VARIANTS)
    for (const path of pluginsInPackages(xlaFolder(variant))) yield describePlugin(path, 'npm run native -- --xla');
  for (const packages of pythonPackages(asked))
    for (const path of pluginsInPackages(packages)) yield describePlugin(path, `Python's packages in ${packages}`);
}

/** Every plugin at hand, in the order in which they are taken: `CEM_PJRT` alone where it is set, else the cache of `npm run native -- --xla`, then those of an installed JAX. */
export function findPjrtPlugins({ asked = true }: { readonly asked?: boolean } = {}): FoundPlugin[] {
  return [...searchPlugins(asked)];
}

/**
 * The plugin to take: the first of `findPjrtPlugins`. Loads nothing. Throws UsageError `XLA_PLUGIN` where `CEM_PJRT` names no file.
 *
 * @param asked whether somebody asked for the backend by name; only then is a Python started to say where its packages are
 */
export function findPjrtPlugin({ asked = true }: { readonly asked?: boolean } = {}): FoundPlugin | undefined {
  const { value, done } = searchPlugins(asked).next();
  return done ? undefined : value;
}
