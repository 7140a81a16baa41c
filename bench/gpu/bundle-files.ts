import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CemError } from '../../base/index.ts';
import { LAYERS } from '../../scripts/layers.ts';
import { testFiles } from '../../tests/run/run-tests.ts';
import { SUITES } from './parts.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The part of esbuild's interface that is used here; tsx brings it along. */
interface Bundler {
  build(options: Readonly<Record<string, unknown>>): Promise<{
    readonly metafile: { readonly inputs: Readonly<Record<string, unknown>> };
  }>;
}

const SOURCE_FOLDERS = [...LAYERS.flat(), 'bench', 'scripts', 'tests'];
const SOURCES = /\.(ts|py|wasm|yaml|sql|json)$/;
/** Large, and nothing here reads them. */
const LEFT_OUT = [/^checkpoints\/cem-/, /^tests\/golden\//, /^data\/.*\.jsonl$/];
/** Programs that are started by their path, so that no import leads to them. */
const PROGRAMS = [
  'bench/gpu-check.ts',
  'bench/gpu/devices-program.ts',
  'bench/gpu/indexing-program.ts',
  'bench/gpu/retention-program.ts',
  'bench/cases/train-step.ts',
  'data/packing/compression-worker.ts',
  'training/workers/encoding-worker.ts',
  'training/workers/gradient-worker.ts',
  'tests/run.ts',
  'tests/run/worker.ts',
  'tests/uvu-guard.ts',
];
/** Loaded only where something asks for it, and nothing of the check does. */
const EXTERNAL = [
  '@huggingface/transformers',
  '@napi-rs/*',
  '@node-rs/*',
  '@tensorflow/tfjs-backend-webgpu',
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-node-gpu',
  'gpt-tokenizer*',
  'onnxruntime-node',
  'opencc-js*',
  'pdfjs-dist*',
  'sharp',
  'webgpu',
  '*.node',
  '*.wasm',
];
/** Packages that are taken whole: what runs TypeScript. */
const WHOLE = ['tsx', `@esbuild/${process.platform}-${process.arch}`];
/** Files that are read at run time beside a package's JavaScript. */
const BESIDE = [
  'zstd-napi/build/Release/binding.node',
  'esbuild/package.json',
  'esbuild/lib/main.js',
  ...['pglite.data', 'pglite.wasm', 'initdb.wasm'].map((name) => `@electric-sql/pglite/dist/${name}`),
  '@electric-sql/pglite-pgvector/dist/vector.tar.gz',
];

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** Sources as they are, with what stands beside them and is read. */
async function sourceFiles(): Promise<string[]> {
  const files = (await Promise.all(SOURCE_FOLDERS.map(filesBelow))).flat();
  const kept = files.filter((file) => SOURCES.test(file) && !LEFT_OUT.some((pattern) => pattern.test(file)));
  return ['package.json', 'tsconfig.json', 'LICENSE', ...kept];
}

/** Files of packages that the programs and the suites may load, as the bundler that comes with tsx follows their imports. */
async function packageFiles(): Promise<string[]> {
  const require = createRequire(join(root, 'package.json'));
  const bundler = createRequire(require.resolve('tsx'))('esbuild') as Bundler;
  const suites = testFiles(join(root, 'tests'), new RegExp(SUITES)).map(({ path }) => relative(root, path));
  const { metafile } = await bundler.build({
    entryPoints: [...PROGRAMS, ...suites],
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    outdir: 'never-written',
    metafile: true,
    external: EXTERNAL,
    logLevel: 'error',
  });
  const loaded = Object.keys(metafile.inputs).filter((file) => file.startsWith('node_modules/'));
  const wasm = (await filesBelow('node_modules/@tensorflow/tfjs-backend-wasm/dist')).filter((file) => file.endsWith('.wasm'));
  const whole = (await Promise.all(WHOLE.map((name) => filesBelow(`node_modules/${name}`)))).flat();
  const files = [...loaded, ...wasm, ...whole, ...BESIDE.map((file) => `node_modules/${file}`)];
  return [...files, ...manifestsOf(files)];
}

/** The package.json files from which Node learns what the others are. */
function manifestsOf(files: readonly string[]): string[] {
  const manifests = new Set<string>();
  for (const file of files) {
    for (let folder = dirname(file); folder.includes('node_modules/'); folder = dirname(folder)) {
      const manifest = join(folder, 'package.json');
      if (existsSync(join(root, manifest))) manifests.add(manifest);
    }
  }
  return [...manifests];
}

/** Paths below the repository of all that `gpu-check` needs, without the texts, Node and the addon. Throws CemError `GPU_BUNDLE_FILES` where one is missing. */
export async function bundleFiles(): Promise<string[]> {
  const files = [...new Set([...(await sourceFiles()), ...(await packageFiles())])].sort();
  const missing = files.filter((file) => !existsSync(join(root, file)));
  if (missing.length > 0)
    throw new CemError('GPU_BUNDLE_FILES', `these files are missing, \`npm ci\` brings them: ${missing.join(', ')}`);
  return files;
}
