import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, RandomNumbers } from '../../../base/index.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { contentOf } from './collection-content.ts';
import { filesAt } from './file-sequence.ts';
import { saveIngestStudent } from './student.ts';

const test = suite('kill -9 while files are ingested');

/** `CEM_KILLS=100` for more; each takes seconds, since a process loads everything anew. */
const KILLS = Number(process.env['CEM_KILLS'] ?? 2);
const SEED = Number(process.env['CEM_SEED'] ?? 1);
const MODELS = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));
/** With vector groups where the model is that makes them. */
const GROUPS = existsSync(join(MODELS, 'qwen3-embedding-tiny'));
/** An ingestion says about sixty times what it is at. */
const MOST_WORDS = 70;
const LONGEST_WAIT_MS = 60;
/** From its first word of the index to the end of a commit an ingestion takes about two seconds and says nothing: every second kill falls there. */
const LONGEST_COMMIT_MS = 4000;

interface Places {
  readonly files: string;
  readonly collection: string;
  readonly checkpoint: string;
}

/** When a process is killed: how many milliseconds after how many words, or after the first one of the index. */
interface Moment {
  readonly words: number | 'indexing';
  readonly wait: number;
}

function momentOf(kill: number, random: RandomNumbers): Moment {
  if (kill % 2 === 1) return { words: 'indexing', wait: LONGEST_COMMIT_MS * random.uniform() };
  return { words: 1 + random.integer(MOST_WORDS), wait: LONGEST_WAIT_MS * random.uniform() };
}

/** Starts ingesting at a step, kills the process at a moment, and gives the step that it had begun last. */
async function ingestAndKill({ files, collection, checkpoint }: Places, first: number, { words, wait }: Moment): Promise<number> {
  const script = fileURLToPath(new URL('./ingest-forever.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', script, files, collection, checkpoint, String(first), ...(GROUPS ? [MODELS] : [])],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const closed = once(child, 'close');
  const lines: string[] = [];
  let isTimed = false;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (isTimed || (words === 'indexing' ? !line.endsWith(` ${words}`) : lines.length < words)) continue;
    isTimed = true;
    void setTimeout(wait).then(() => child.kill('SIGKILL'));
  }
  await closed;
  assert.is(child.signalCode, 'SIGKILL', 'it was still at work');
  return Number.parseInt(lines.at(-1)!, 10);
}

/** The paths of a state, with the version that each file has in it. */
function versionsIn(content: ReadonlyMap<string, readonly string[]>): Map<string, string> {
  return new Map([...content].map(([path, texts]) => [path, String(/in version \d+/.exec(texts.join(''))?.[0])]));
}

function versionsAt(step: number): Map<string, string> {
  return new Map([...filesAt(step)].map(([name, text]) => [`files/${name}`, String(/in version \d+/.exec(text)?.[0])]));
}

const same = (left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean =>
  JSON.stringify([...left].sort()) === JSON.stringify([...right].sort());

if (!GROUPS) console.log(`skipped: vector groups of what is killed (no qwen3-embedding-tiny in ${MODELS})`);

test(`after each of ${KILLS} kills there is the old state or the new one, and the next ingestion goes on`, async () => {
  const random = new RandomNumbers(SEED, 'kills of ingestions');
  await withTemporaryFolder(async (folder) => {
    const places = { files: join(folder, 'files'), collection: join(folder, 'collection'), checkpoint: join(folder, 'run') };
    await saveIngestStudent(places.checkpoint);
    let step = 0;
    let [finished, undone] = [0, 0];
    for (let kill = 0; kill < KILLS; kill++) {
      const begun = await ingestAndKill(places, step, momentOf(kill, random));
      const content = await contentOf(places.collection).catch((error: unknown) => {
        if (error instanceof CemError && ['COLLECTION_EMPTY', 'COLLECTION_MISSING'].includes(error.code))
          return new Map<string, string[]>();
        throw error;
      });
      const isNew = same(versionsIn(content), versionsAt(begun));
      const isOld = begun === 0 ? content.size === 0 : same(versionsIn(content), versionsAt(begun - 1));
      assert.ok(isNew || isOld, `kill ${kill} of seed ${SEED}, in step ${begun}: ${JSON.stringify([...versionsIn(content)])}`);
      if (isNew) finished += 1;
      else undone += 1;
      step = isNew ? begun + 1 : begun;
      if ((kill + 1) % 10 === 0)
        process.stdout.write(`${kill + 1} of ${KILLS} kills: ${finished} new states, ${undone} old ones\n`);
    }
    process.stdout.write(`${KILLS} kills up to step ${step}: ${finished} new states, ${undone} old ones\n`);
  });
});

test.run();
