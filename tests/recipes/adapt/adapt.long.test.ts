import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import { loadStudent, readKnownText } from '../../../checkpoints/index.ts';
import { parseConfig } from '../../../configs/index.ts';
import type { Document } from '../../../data/index.ts';
import { type AdaptOptions, adaptCheckpoint } from '../../../recipes/adapt/index.ts';
import { trainRun } from '../../../recipes/train/index.ts';
import { tinyRun } from '../../training/tiny-run.ts';
import { writtenDocuments } from './written-documents.ts';

const test = suite('adapt');
let folder: string;
let checkpoint: string;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cem-adapt-'));
  const source = join(folder, 'base.jsonl');
  await writeFile(
    source,
    documents(0, 24)
      .map(({ id, text }) => `${JSON.stringify({ _id: id, text })}\n`)
      .join(''),
  );
  const batches = { passages: { batchSize: 4, weight: 1 }, sentences: { batchSize: 4, weight: 1 } };
  checkpoint = join(folder, 'base');
  await trainRun(parseConfig(tinyRun(source, 2, batches), 'the test'), { run: checkpoint });
});
test.after(() => rm(folder, { recursive: true, force: true }));

const documents = (from: number, to: number): Document[] => writtenDocuments(44).slice(from, to);

const options = (name: string): AdaptOptions => ({
  corpus: documents(24, 44),
  checkpoint,
  into: join(folder, name),
  run: join(folder, `${name}-run`),
  broad: documents(0, 24),
  steps: 4,
});

test('a checkpoint is trained further, measured before and after, and written as it was stored', async () => {
  const result = await adaptCheckpoint({ ...options('further'), force: true });
  assert.is(result.steps, 4);
  assert.equal(result.documents, { corpus: 20, sampled: 20, replay: 9 });
  assert.is(result.replayOrigin, 'broad');
  assert.ok(result.corpus!.queries > 10);
  assert.is(result.corpus!.candidates, 20);
  // A fifth of 24 is kept for measuring.
  assert.is(result.broad!.candidates, 4);
  assert.not.equal(result.corpus!.before.ndcg, result.corpus!.after.ndcg);
  using adapted = await loadStudent(result.into);
  using base = await loadStudent(checkpoint);
  assert.is(adapted.hash, result.hash);
  assert.is(adapted.state.teacher.revision, base.state.teacher.revision);
  const [before, after] = [await readKnownText(base.folder), await readKnownText(adapted.folder)];
  assert.ok([...before!.words].every((word) => after!.words.has(word)));
  assert.ok(after!.words.size > before!.words.size);
});

test('one that was stopped goes on to the same weights', async () => {
  const whole = await adaptCheckpoint({ ...options('whole'), force: true });
  const stop = new AbortController();
  const stopping = {
    note: () => undefined,
    stage: (name: string) => ({
      progress: (done: number) => name === 'train' && done === 2 && stop.abort(),
      done: () => undefined,
      fail: () => undefined,
    }),
  };
  await adaptCheckpoint({ ...options('stopped'), force: true, signal: stop.signal, listener: stopping }).then(
    () => assert.unreachable(),
    (error: unknown) => assert.ok(isCemError(error) && error.code === 'ADAPT_STOPPED', String(error)),
  );
  assert.not.ok(existsSync(join(folder, 'stopped')));
  await adaptCheckpoint({ ...options('stopped'), force: true }).then(
    () => assert.unreachable(),
    (error: unknown) => assert.ok(isCemError(error) && error.code === 'RUN_EXISTS', String(error)),
  );
  const resumed = await adaptCheckpoint({ ...options('stopped'), force: true, resume: true });
  assert.is(resumed.hash, whole.hash);
});

test('wrong wishes are refused before anything is loaded', async () => {
  for (const wrong of [{ minutes: 1 }, { steps: 0 }, { steps: undefined, minutes: -1 }]) {
    await adaptCheckpoint({ ...options('wrong'), ...wrong }).then(
      () => assert.unreachable(),
      (error: unknown) => assert.ok(isCemError(error) && error.code === 'ADAPT_OPTIONS', String(error)),
    );
  }
});

test.run();
