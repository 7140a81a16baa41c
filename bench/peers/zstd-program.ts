import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError } from '../../base/index.ts';

/** Runs the `zstd` program and gives what it prints. */
function runZstd(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('zstd', [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => {
        output += piece.toString();
      });
    const fail = (reason: string): void =>
      reject(new CemError('BENCH_ZSTD', `the zstd program is needed (Debian: apt-get install zstd): ${reason}`));
    child.on('error', (error) => fail(error.message));
    child.on('close', (code) => (code === 0 ? resolve(output) : fail(output.trim())));
  });
}

/** Rates in MB (10^6 bytes of content) a second of processor work in memory, one thread. */
export interface ZstdRates {
  readonly compress: number;
  readonly decompress: number;
}

/** The program's own benchmark: independent blocks of `blockSize` bytes, each with the dictionary, as the chunks of a container are. */
export async function measureZstd(
  contentPath: string,
  options: { level: number; blockSize: number; dictionaryPath: string; seconds: number },
): Promise<ZstdRates> {
  const { level, blockSize, dictionaryPath, seconds } = options;
  const output = await runZstd([`-b${level}`, `-e${level}`, `-i${seconds}`, `-B${blockSize}`, '-D', dictionaryPath, contentPath]);
  const last = [...output.matchAll(/([\d.]+) MB\/s, +([\d.]+) MB\/s/g)].at(-1);
  if (!last) throw new CemError('BENCH_ZSTD', `the zstd program's output is not understood: ${output.slice(-200)}`);
  return { compress: Number(last[1]), decompress: Number(last[2]) };
}

/** A dictionary of the program's own training on the same texts, one file each. */
export async function trainByZstd(
  texts: readonly Uint8Array[],
  size: number,
  level: number,
  folder: string,
): Promise<Uint8Array> {
  const samples = join(folder, 'samples');
  await mkdir(samples);
  for (const [number, text] of texts.entries()) if (text.length > 0) await writeFile(join(samples, String(number)), text);
  const path = join(folder, 'zstd-dictionary');
  await runZstd(['--train', '-q', '-r', samples, `--maxdict=${size}`, `-${level}`, '-o', path]);
  return readFile(path);
}
