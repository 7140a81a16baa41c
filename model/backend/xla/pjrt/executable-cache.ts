import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../../../base/index.ts';
import type { CompileRequest, PjrtClient } from './pjrt-client.ts';
import type { PjrtExecutable } from './pjrt-executable.ts';

/** A program that is ready to run, and where it came from. */
interface CachedProgram {
  readonly executable: PjrtExecutable;
  readonly source: 'compiled' | 'disk';
}

/** Compiled programs in a folder: what was compiled once by the same plugin, for the same kind of device, is loaded. */
interface ExecutableCache {
  readonly folder: string;
  /** Programs that were loaded, and that were compiled, by this object. */
  readonly counts: { readonly loaded: number; readonly compiled: number };
  /** Loads or compiles. Throws what `PjrtClient.compile` throws; where the folder cannot be read or written, it compiles and says nothing. */
  compile(client: PjrtClient, program: string, request?: CompileRequest): CachedProgram;
}

/** What the folder may hold. */
const MAX_BYTES = 2 * 2 ** 30;

/** What a process that was killed leaves unfinished is removed after this long. */
const LEFT_OVER_MS = 3_600_000;

const SUFFIX = '.pjrt';
const HASH_BYTES = 32;

function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(String(part.length)).update('\0').update(part);
  return hash.digest();
}

let processor: string | undefined;

/** The instructions that this processor has, and how many threads there are: a program that is compiled for a processor runs on no other one. */
function processorIdentity(): string {
  if (processor === undefined) {
    let features = '';
    try {
      features = /^(flags|Features)\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[0] ?? '';
    } catch {
      // Not Linux: the model has to do.
    }
    processor = `${cpus()[0]?.model} ${availableParallelism()} ${features}`;
  }
  return processor;
}

/** Where compiled programs are kept between runs. */
function executableCacheFolder(): string {
  return join(cacheFolder(), 'xla-programs');
}

/** Name of a program's file: a hash of all that it depends on. */
function fileName(client: PjrtClient, program: string, { partitions = 1, replicas = 1 }: CompileRequest): string {
  const facts = [
    client.identity,
    client.device.kind,
    `${client.device.id}`,
    `${partitions} ${replicas}`,
    client.platform === 'cpu' ? processorIdentity() : '',
  ];
  return `${sha256(...facts, program)
    .toString('hex')
    .slice(0, 40)}${SUFFIX}`;
}

/** The program in a file: its hash, then its bytes. Undefined where there is none, or it is damaged. */
function readChecked(path: string): Uint8Array | undefined {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch {
    return undefined;
  }
  const payload = file.subarray(HASH_BYTES);
  return file.length > HASH_BYTES && sha256(payload).equals(file.subarray(0, HASH_BYTES)) ? payload : undefined;
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Its folder is no folder.
  }
}

function markUsed(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Removed meanwhile, or not ours: only the order of removal depends on it.
  }
}

/** Removes what was used longest ago until the rest is at most `maxBytes`, and what killed processes left. */
function sweep(folder: string, maxBytes: number): void {
  const files = readdirSync(folder).map((name) => {
    const path = join(folder, name);
    const { size, mtimeMs } = statSync(path);
    return { path, size, mtimeMs, whole: name.endsWith(SUFFIX) };
  });
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size, mtimeMs, whole } of files.sort((left, right) => left.mtimeMs - right.mtimeMs)) {
    if (whole ? total <= maxBytes : Date.now() - mtimeMs < LEFT_OVER_MS) continue;
    rmSync(path, { force: true });
    total -= size;
  }
}

/** A cache in a folder, which is made when the first program is kept. Several processes may share it. */
export function executableCache(
  folder: string = executableCacheFolder(),
  { maxBytes = MAX_BYTES }: { readonly maxBytes?: number } = {},
): ExecutableCache {
  const counts = { loaded: 0, compiled: 0 };

  const loadFrom = (client: PjrtClient, path: string): PjrtExecutable | undefined => {
    const serialized = readChecked(path);
    if (serialized === undefined) return undefined;
    try {
      return client.load(serialized);
    } catch {
      // Refused by the plugin: compiled anew.
      return undefined;
    }
  };

  const keep = (executable: PjrtExecutable, path: string): void => {
    const unfinished = `${path}.${process.pid}`;
    try {
      const payload = executable.serialize();
      mkdirSync(folder, { recursive: true });
      writeFileSync(unfinished, Buffer.concat([sha256(payload), payload]));
      renameSync(unfinished, path);
      sweep(folder, maxBytes);
    } catch {
      // A plugin that cannot serialize, a folder that cannot be written, another process that removed a file meanwhile: the program runs all the same.
      removeIfThere(unfinished);
    }
  };

  return {
    folder,
    counts,
    compile: (client, program, request = {}) => {
      const path = join(folder, fileName(client, program, request));
      const loaded = loadFrom(client, path);
      if (loaded) {
        counts.loaded++;
        markUsed(path);
        return { executable: loaded, source: 'disk' };
      }
      const executable = client.compile(program, request);
      counts.compiled++;
      keep(executable, path);
      return { executable, source: 'compiled' };
    },
  };
}
