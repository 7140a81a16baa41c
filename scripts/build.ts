/** `npm run build`: makes `dist/`, what the npm package holds: JavaScript, declarations, and the files that are read at run time beside them. */
import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CemError } from '../base/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = join(root, 'dist');
const FOLDERS = [
  'base',
  'zpkg',
  'encoders',
  'model',
  'data',
  'checkpoints',
  'search',
  'training',
  'eval',
  'ingest',
  'rag',
  'server',
  'configs',
  'recipes',
  'cli',
];
/** Kernels in WebAssembly, presets, migrations of the database, and the formats' documents; not the texts for readers of the sources, whose links lead out of the package. */
const ASSETS = /(\.wasm|\.yaml|\.sql|\b(FORMAT|CONFORMANCE|MAPPING|METADATA|SEGMENTS|PATCHES|GROUPS)\.md)$/;

function compile(): void {
  const { status, stdout, error } = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) {
    throw new CemError(
      'BUILD_COMPILE',
      `the sources do not compile: ${error?.message ?? stdout}; \`npm run types\` says the same`,
    );
  }
}

async function copyAssets(): Promise<number> {
  let copied = 0;
  for (const folder of FOLDERS) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true, recursive: true })) {
      const path = relative(root, join(entry.parentPath, entry.name));
      if (!entry.isFile() || !ASSETS.test(path)) continue;
      const target = join(output, path);
      await mkdir(dirname(target), { recursive: true });
      await cp(join(root, path), target);
      copied += 1;
    }
  }
  return copied;
}

try {
  await rm(output, { recursive: true, force: true });
  compile();
  const copied = await copyAssets();
  await chmod(join(output, 'cli', 'main.js'), 0o755);
  process.stdout.write(`build: dist/ is made, with ${copied} files beside the JavaScript\n`);
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stderr.write(`build: ${error.message} [${error.code}]\n`);
  process.exitCode = 1;
}
