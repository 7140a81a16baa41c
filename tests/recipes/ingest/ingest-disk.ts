// Run by ingest-disk.long.test.ts in a mount namespace of its own: fills the small disk that a collection lies on, ingests, and says what became of it.
import { spawnSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { contentOf } from './collection-content.ts';
import { filesAt, writeFilesOf } from './file-sequence.ts';

const [, , disk = '', files = '', checkpoint = '', ...levels] = process.argv;
const collection = join(disk, 'collection');
const filler = join(disk, 'filler');
const LONGEST_MS = 180_000;

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(disk);
  return bavail * bsize;
}

/** Leaves so many bytes of the disk. */
async function leave(bytes: number): Promise<void> {
  await writeFile(filler, Buffer.alloc(Math.max(0, (await freeBytes()) - bytes)));
}

function ingestOnce(): { readonly status: number | null; readonly said: string } {
  const script = fileURLToPath(new URL('./ingest-once.ts', import.meta.url));
  const child = spawnSync(process.execPath, ['--import', 'tsx', script, files, collection, checkpoint], {
    encoding: 'utf8',
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  return { status: child.status, said: child.stdout.trim().split('\n').at(-1) ?? '' };
}

function say(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

let step = 0;
await writeFilesOf(step, files);
say({ level: 'empty', ...ingestOnce() });
for (const level of levels) {
  step += 3;
  const before = await contentOf(collection);
  await writeFilesOf(step, files);
  await leave(Number(level));
  const outcome = ingestOnce();
  // A reader may want room for a lock: the disk is as it was when the state is looked at.
  await rm(filler);
  const after = await contentOf(collection);
  const paths = (content: ReadonlyMap<string, unknown>): string[] => [...content.keys()].sort();
  const wanted = [...filesAt(step).keys()].map((name) => `files/${name}`).sort();
  const again = ingestOnce();
  const mended = await contentOf(collection);
  say({
    level: Number(level),
    ...outcome,
    isOld: isDeepStrictEqual(after, before),
    isNew: outcome.status === 0 && isDeepStrictEqual(paths(after), wanted),
    next: again.status,
    isMended: isDeepStrictEqual(paths(mended), wanted),
  });
}
