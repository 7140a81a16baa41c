import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pjrtAddonPath } from '../../model/backend/xla/pjrt/addon.ts';
import { lastLines, runCommand } from './command.ts';

const SOURCES = fileURLToPath(new URL('./pjrt/', import.meta.url));
const COMPILE_LIMIT_MS = 120_000;

/** What came of `buildPjrtAddon`. */
export type AddonBuild = { readonly state: 'compiled' | 'present' } | { readonly state: 'failed'; readonly reason: string };

/** Hash of the sources; the addon carries it. */
async function sourceHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(SOURCES)).sort()) hash.update(`${name}\0`).update(await readFile(join(SOURCES, name)));
  return hash.digest('hex').slice(0, 32);
}

/** Compiles scripts/native/pjrt/ into the cache, unless an addon of the same sources is there. It needs a C compiler and nothing else: no library, no headers of Node. */
export async function buildPjrtAddon(force: boolean): Promise<AddonBuild> {
  const target = pjrtAddonPath();
  const hash = await sourceHash();
  const before = await readFile(target).catch(() => undefined);
  if (before?.includes(hash) && !force) return { state: 'present' };
  await mkdir(dirname(target), { recursive: true });
  const unfinished = `${target}.${process.pid}`;
  const compiler = process.env['CC'] || 'cc';
  const options = ['-std=gnu11', '-shared', '-fPIC', '-O2', '-pthread', '-fvisibility=hidden', '-Wall', '-Wextra'];
  const { status, output } = await runCommand(
    compiler,
    [
      ...options,
      `-DCEM_PJRT_SOURCE="${hash}"`,
      '-o',
      unfinished,
      join(SOURCES, 'pjrt.c'),
      '-ldl',
      '-Wl,-z,nodelete',
      '-Wl,--allow-shlib-undefined',
    ],
    { timeoutMs: COMPILE_LIMIT_MS },
  );
  if (status !== 0) {
    await rm(unfinished, { force: true });
    return { state: 'failed', reason: `${compiler}: ${lastLines(output, 25)}` };
  }
  await rename(unfinished, target);
  return { state: 'compiled' };
}
