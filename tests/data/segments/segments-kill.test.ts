import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { RandomNumbers } from '../../../base/random.ts';
import { cutPassages, openCorpus, type PackedCorpus, SegmentedCorpus, verifyCorpus } from '../../../data/index.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { containerPath, corpusPath, PASSAGES, shown, stateAfter } from './change-sequence.ts';

const test = suite('kill -9 while a corpus changes');

/** `CEM_KILLS=100` for the figure of the format's note. */
const KILLS = Number(process.env['CEM_KILLS'] ?? 10);
const SEED = Number(process.env['CEM_SEED'] ?? 1);
/** Changes take about 10 ms each; the first ones of a process somewhat more. */
const LONGEST_WAIT_MS = 300;

/** Starts changing at a step, kills the process at a random moment, and gives the step that it had begun last. */
async function changeAndKill(folder: string, first: number, wait: number): Promise<number> {
  const script = fileURLToPath(new URL('./change-forever.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  await setTimeout(wait);
  child.kill('SIGKILL');
  await closed;
  assert.is(child.signalCode, 'SIGKILL', 'it was still at work');
  return Number(said.trimEnd().split('\n').at(-1));
}

/** Texts and metadata by id; none where there is nothing yet. Everything else that goes wrong comes through. */
async function contentOf(path: string): Promise<Map<string, string>> {
  const corpus = await openCorpus(path).catch((error: unknown) => {
    if (error instanceof CemError && ['FILE_OPEN', 'CORPUS_MISSING'].includes(error.code)) return undefined;
    throw error;
  });
  const texts = new Map<string, string>();
  if (corpus === undefined) return texts;
  if (corpus instanceof SegmentedCorpus) assert.is((await verifyCorpus(corpus)).failed, 0);
  await checkPassages(corpus);
  for (const id of corpus.ids()) texts.set(id, shown(await corpus.documentById(id), await corpus.documentMetadata(id)));
  await corpus.close();
  return texts;
}

/** In the corpus all chunks are cut, in the container all or none. */
async function checkPassages(corpus: PackedCorpus): Promise<void> {
  let [cut, whole] = [0, 0];
  for (const id of corpus.ids()) {
    for (const chunk of corpus.chunksOf(id)) {
      const expected = cutPassages(await corpus.chunkText(chunk), PASSAGES);
      if (expected.length === 1) continue;
      const passages = await corpus.passagesOf(chunk);
      if (passages === undefined) whole += 1;
      else cut += 1;
      if (passages !== undefined) assert.equal(passages, expected);
    }
  }
  assert.ok(whole === 0 || (cut === 0 && !(corpus instanceof SegmentedCorpus)), `${cut} chunks are cut, ${whole} are not`);
}

const sorted = (texts: ReadonlyMap<string, string>) => [...texts].sort(([a], [b]) => (a < b ? -1 : 1));
const same = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>) =>
  JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

test(`after each of ${KILLS} kills there is the old state or the new one, and the next writer goes on`, async () => {
  const random = new RandomNumbers(SEED, 'kills');
  await withTemporaryFolder(async (folder) => {
    let step = 0;
    let [finished, undone] = [0, 0];
    for (let kill = 0; kill < KILLS; kill++) {
      const begun = await changeAndKill(folder, step, LONGEST_WAIT_MS * random.uniform());
      const [before, after] = [stateAfter(begun - 1), stateAfter(begun)];
      const corpus = await contentOf(corpusPath(folder));
      const container = await contentOf(containerPath(folder));
      const isNew = same(corpus, after.corpus) && same(container, after.container);
      const isOld = same(corpus, before.corpus) && same(container, before.container);
      assert.ok(isNew || isOld, `kill ${kill} of seed ${SEED}, in step ${begun}`);
      if (isNew) finished += 1;
      else undone += 1;
      step = isNew ? begun + 1 : begun;
    }
    assert.ok(step > KILLS / 2, 'changes were made');
    process.stdout.write(`${KILLS} kills up to step ${step}: ${finished} new states, ${undone} old ones\n`);
  });
});

test.run();
