/**
 * `npm run kernels:c`: compiles the kernels in C (model/kernels/c) to WebAssembly, as two modules that are committed: one for the memory of tfjs' wasm backend, and one for helping threads,
 * whose memory is shared. Needs clang 14 or later and its wasm-ld; CLANG and WASM_LD name others. `--output FOLDER` puts the modules there instead of into model/kernels/wasm.
 */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CemError, UsageError } from '../base/index.ts';
import { lastLines, runCommand } from './native/command.ts';
import { WASM_COMPILE_OPTIONS, WASM_SOURCES, wasmSourceHash } from './native/wasm-sources.ts';

const KERNELS = fileURLToPath(new URL('../model/kernels/', import.meta.url));
const LIMIT_MS = 300_000;

/** The first of some programs that runs. */
async function findProgram(name: string, candidates: readonly (string | undefined)[]): Promise<string> {
  for (const candidate of candidates) {
    if (!candidate) continue;
    const { status } = await runCommand(candidate, ['--version'], { timeoutMs: LIMIT_MS });
    if (status === 0) return candidate;
  }
  throw new CemError('WASM_COMPILER', `there is no ${name} here: on Debian, \`apt-get install clang lld\` has it`);
}

async function run(program: string, parameters: readonly string[]): Promise<void> {
  const { status, output } = await runCommand(program, [...parameters], { timeoutMs: LIMIT_MS });
  if (status !== 0) throw new CemError('WASM_COMPILER', `${program}: ${lastLines(output, 25)}`);
}

/** Compiles one module to `target`. */
async function compile(clang: string, linker: string, target: string, threads: boolean, hash: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-wasm-'));
  try {
    const objects: string[] = [];
    for (const source of WASM_SOURCES) {
      const object = join(folder, `${basename(source, '.c')}.o`);
      const options = [...WASM_COMPILE_OPTIONS, ...(threads ? ['-matomics'] : []), `-DCEM_KERNEL_SOURCES="${hash}"`];
      await run(clang, [...options, '-c', join(KERNELS, 'c', source), '-o', object]);
      objects.push(object);
    }
    const unfinished = join(folder, 'module.wasm');
    await run(linker, [
      '-shared',
      '--experimental-pic',
      '--no-entry',
      '--allow-undefined',
      '--strip-all',
      '--export-if-defined=__wasm_call_ctors',
      ...(threads ? ['--shared-memory', '--max-memory=2147483648'] : []),
      ...objects,
      '-o',
      unfinished,
    ]);
    await copyFile(unfinished, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function outputFolder(): string {
  try {
    return parseArgs({ options: { output: { type: 'string', default: join(KERNELS, 'wasm') } } }).values.output;
  } catch (error) {
    throw new UsageError('USAGE', `${(error as Error).message}; what there is: --output FOLDER`);
  }
}

try {
  const output = outputFolder();
  const clang = await findProgram('clang', [process.env['CLANG'], 'clang', 'clang-14']);
  const linker = await findProgram('wasm-ld', [process.env['WASM_LD'], 'wasm-ld', 'wasm-ld-14']);
  await mkdir(output, { recursive: true });
  const hash = await wasmSourceHash();
  await compile(clang, linker, join(output, 'compiled-kernels.wasm'), false, hash);
  await compile(clang, linker, join(output, 'compiled-kernels-thread.wasm'), true, hash);
  process.stdout.write(`kernels: compiled from sources ${hash}\n`);
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stderr.write(`kernels: ${error.message} [${error.code}]\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
