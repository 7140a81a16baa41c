import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { messageOf } from '../../../../base/index.ts';

export type PluginKind = 'cuda' | 'rocm' | 'oneapi' | 'cpu' | 'other';

/** What a plugin computes on, by the names of its folder and file. */
export function pluginKind(path: string): PluginKind {
  const name = path.split(sep).slice(-2).join(sep);
  return (['cuda', 'rocm', 'oneapi', 'cpu'] as const).find((kind) => name.includes(kind)) ?? 'other';
}

/** Folder of packages that a plugin of JAX lies in: PACKAGES/jax_plugins/PLUGIN/LIBRARY. */
function packagesOf(plugin: string): string {
  return dirname(dirname(dirname(plugin)));
}

/** What XLA links into each program for NVIDIA's GPUs, below CUDA's folder. */
const LIBDEVICE = 'nvvm/libdevice/libdevice.10.bc';

/**
 * CUDA's own folder (libdevice, ptxas): among pip's packages beside a plugin, else that of an installed CUDA (`CUDA_HOME`, `CUDA_PATH`, `/usr/local/cuda`). An installed JAX has pip's folder
 * without libdevice where nothing asked for the compiler's package.
 */
export function cudaFolder(plugin: string): string | undefined {
  const packages = packagesOf(plugin);
  const installed = [process.env['CUDA_HOME'], process.env['CUDA_PATH'], '/usr/local/cuda'].filter((folder) => folder);
  return [...['nvidia/cu13', 'nvidia/cuda_nvcc'].map((name) => join(packages, name)), ...(installed as string[])].find((folder) =>
    existsSync(join(folder, LIBDEVICE)),
  );
}

/** What the system's loader says of a library; undefined where it loads. A library that loads is no addon, which `dlopen` then says in other words. */
function loadingError(library: string): string | undefined {
  try {
    process.dlopen({ exports: {} }, library);
    return undefined;
  } catch (error) {
    const text = messageOf(error);
    return /cannot open shared object|undefined symbol|invalid ELF|version .* not found/.test(text) ? text : undefined;
  }
}

/** Why no plugin for NVIDIA's GPUs works here whatever its libraries: no driver. Otherwise undefined. */
export function missingDriver(): string | undefined {
  if (process.platform !== 'linux' || loadingError('libcuda.so.1') === undefined) return undefined;
  return "no NVIDIA driver (libcuda.so.1): it comes with the driver of the GPU, not with pip's packages";
}

/** CUDA libraries that XLA loads when it starts or computes, without the numbers of their versions. */
const CUDA_LIBRARIES = ['cublas', 'cublasLt', 'cudnn', 'cufft', 'cupti', 'cusolver', 'cusparse', 'nccl', 'nvJitLink'];

/** Major versions that CUDA 12 and 13 have of one or the other of them. */
const CUDA_VERSIONS = ['', '.13', '.12', '.11', '.9', '.2'];

function systemHas(name: string): boolean {
  return CUDA_VERSIONS.some((version) => loadingError(`lib${name}.so${version}`) === undefined);
}

/** Where pip's packages of NVIDIA have their libraries: `nvidia/PACKAGE/lib`. */
function pipLibraries(packages: string): string[] {
  const folder = join(packages, 'nvidia');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const libraries = join(folder, name, 'lib');
    return existsSync(libraries) ? readdirSync(libraries).map((file) => join(libraries, file)) : [];
  });
}

/**
 * CUDA libraries that a plugin for NVIDIA's GPUs will not find, or that do not load, with what the loader says; none for the other kinds. Looked for where the plugin looks: among pip's packages
 * beside it, then by the system's loader. To be asked when something failed: what is found is loaded.
 */
export function missingLibraries(plugin: string): string[] {
  return pluginKind(plugin) === 'cuda' ? missingCudaLibraries(packagesOf(plugin)) : [];
}

/** The same for what is installed in a folder of packages. */
export function missingCudaLibraries(packages: string): string[] {
  const packaged = pipLibraries(packages);
  return CUDA_LIBRARIES.flatMap((name) => {
    const file = packaged.find((path) => path.includes(`${sep}lib${name}.so.`));
    if (file === undefined) return systemHas(name) ? [] : [`lib${name}.so`];
    const reason = loadingError(file);
    return reason === undefined ? [] : [`lib${name}.so (${reason})`];
  });
}
