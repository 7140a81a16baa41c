import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../model/kernels/c/', import.meta.url));

/** The C files of the WebAssembly modules, below model/kernels/c. Loops over table rows are AssemblyScript there (model/kernels/assembly). */
export const WASM_SOURCES = [
  'adamw.c',
  'attention.c',
  'attention-backward.c',
  'attention-forward.c',
  'patch-attention.c',
  'rms-norm.c',
  'sum-of-squares.c',
  'swiglu.c',
  'wasm/matrix-product.c',
  'wasm/registry.c',
] as const;

/** The target is that of position-independent modules; nothing of Emscripten is used. */
export const WASM_COMPILE_OPTIONS = [
  '--target=wasm32-unknown-emscripten',
  '-std=gnu11',
  '-msimd128',
  '-mbulk-memory',
  '-mmutable-globals',
  '-O3',
  '-fPIC',
  '-fvisibility=hidden',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-nostdlibinc',
  `-I${join(FOLDER, 'wasm/include')}`,
  '-Wall',
  '-Wextra',
];

/** Hash of the sources, of all headers and of the compiler's options; the modules carry it. */
export async function wasmSourceHash(): Promise<string> {
  const headers = (await readdir(FOLDER, { recursive: true })).filter((name) => name.endsWith('.h')).sort();
  const options = WASM_COMPILE_OPTIONS.filter((option) => !option.startsWith('-I'));
  const hash = createHash('sha256').update(options.join(' '));
  for (const name of [...WASM_SOURCES, ...headers]) hash.update(`\0${name}\0`).update(await readFile(join(FOLDER, name)));
  return hash.digest('hex').slice(0, 32);
}
