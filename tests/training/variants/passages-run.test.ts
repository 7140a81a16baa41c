import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DocumentReader, joinWindows, packTexts, readCorpus } from '../../../data/index.ts';
import { selectBackend } from '../../../model/backend/index.ts';
import { type TrainResult, train } from '../../../training/index.ts';
import { readPassages } from '../../../training/variants/corpus-passages.ts';
import { ZpkgReader } from '../../../zpkg/index.ts';
import { restoreBackend } from '../../backend.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { silent, stopAfter, trainOptions } from '../../fixtures/train-options.ts';
import { metricsOf, passageRows, tinyRun } from '../tiny-run.ts';

const test = suite('run on passages');
test.before(async () => {
  await selectBackend('wasm');
});
test.after(async () => {
  await restoreBackend();
});

const DOCUMENTS = 20;
const JOINED = 4;
const STEPS = 6;
const WEIGHT_FILES = ['model.safetensors', 'tables.safetensors', 'optimizer.safetensors'];

/** Long documents of several passages each, whose ids count them in another order. */
/** 7 and 20 have no divisor in common: d0, d7, d14, d1, … */
const idOf = (index: number) => `d${(7 * index) % DOCUMENTS}`;

async function writeDocuments(folder: string): Promise<string> {
  const path = join(folder, 'documents.jsonl');
  const rows = passageRows(DOCUMENTS * JOINED);
  const lines = Array.from({ length: DOCUMENTS }, (_, index) => {
    const text = rows
      .slice(index * JOINED, (index + 1) * JOINED)
      .map((row) => row.text)
      .join('\n\n');
    return `${JSON.stringify({ _id: idOf(index), title: rows[index * JOINED]!.title, text })}\n`;
  });
  await writeFile(path, lines.join(''));
  return path;
}

interface RunOptions {
  readonly pack: object;
  readonly stopAt?: number;
  readonly resume?: boolean;
  readonly training?: Record<string, unknown>;
}

async function run(path: string, source: string, { pack, stopAt, resume = false, training }: RunOptions): Promise<TrainResult> {
  const values = tinyRun(source, STEPS, { checkpointEvery: 100, ...training });
  const own = values['pack'] as object;
  return train(trainOptions(path, { ...values, pack: { ...own, ...pack } }, { resume, ...stopAfter(stopAt, silent) }));
}

async function sameWeights(a: string, b: string): Promise<void> {
  for (const file of WEIGHT_FILES) {
    const [one, other] = await Promise.all([a, b].map((path) => readFile(join(path, 'checkpoints', String(STEPS), file))));
    assert.ok(one!.equals(other!), `${file} differs`);
  }
}

async function chunksOf(path: string): Promise<string[]> {
  const reader = await ZpkgReader.open(path);
  try {
    const all = Array.from({ length: reader.chunkCount }, (_, chunk) => reader.chunk(chunk));
    return (await Promise.all(all)).map((bytes) => Buffer.from(bytes).toString('utf8'));
  } finally {
    await reader.close();
  }
}

/** Chunks' texts by the numbers of their documents. */
async function inOrderOfIds(path: string, texts: readonly string[]): Promise<string[]> {
  const reader = await DocumentReader.open(path);
  try {
    return Array.from({ length: DOCUMENTS }, (_, number) => reader.chunksOf(`d${number}`).map((chunk) => texts[chunk]!)).flat();
  } finally {
    await reader.close();
  }
}

test('windows: packed once from the passages in their order, the run resumes to the byte', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writeDocuments(folder);
    const variants = [{ window: 3 }, { window: 5, windowOrder: 'id', level: 9, dictionarySize: 0, weight: 2 }];
    const pack = { targetChunkSize: 256, variants };
    const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')];
    const { texts } = await run(whole, source, { pack });
    const own = await chunksOf(join(whole, 'corpus.zpkg'));
    assert.is(texts['passages'], own.length);
    assert.ok(own.length > DOCUMENTS, `${own.length} chunks`);
    assert.equal(await chunksOf(join(whole, 'corpus-1.zpkg')), joinWindows(own, 3).texts);
    assert.equal(
      await chunksOf(join(whole, 'corpus-2.zpkg')),
      joinWindows(await inOrderOfIds(join(whole, 'corpus.zpkg'), own), 5).texts,
    );
    for (const { loss } of metricsOf(whole)) assert.ok(Number.isFinite(loss));

    assert.is((await run(stopped, source, { pack, stopAt: 2 })).step, 2);
    const before = await stat(join(stopped, 'corpus-1.zpkg'));
    assert.is((await run(stopped, source, { pack, resume: true })).step, STEPS);
    assert.is((await stat(join(stopped, 'corpus-1.zpkg'))).mtimeMs, before.mtimeMs);
    await sameWeights(whole, stopped);

    // Windows of the same number in another order are other windows.
    await rm(join(stopped, 'corpus-2.zpkg'));
    await packTexts(joinWindows(own, 5).texts, join(stopped, 'corpus-2.zpkg'), { level: 9, dictionarySize: 0 });
    const error = await errorOf(() => run(stopped, source, { pack, resume: true }));
    assert.is(error.code, 'RUN_VARIANT_DIFFERS');
    assert.match(error.message, /corpus-2\.zpkg has \d+ bytes in chunk \d+, its window has \d+: remove /);
  }));

test('passages inside chunks are what is trained on, their own text from the source; with variants; the run resumes to the byte', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writeDocuments(folder);
    const pack = {
      targetChunkSize: 4096,
      passageSize: 300,
      passageOverlap: 60,
      variants: [{ level: 1, dictionarySize: 0 }, { window: 6 }],
    };
    const training = { tableWarmStart: { texts: 50, iterations: 2 } };
    const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')];
    const result = await run(whole, source, { pack, training });
    const reader = await DocumentReader.open(join(whole, 'corpus.zpkg'));
    try {
      const own = await chunksOf(join(whole, 'corpus.zpkg'));
      const passages = await readPassages(readCorpus(source), reader);
      assert.equal(passages.chunks, own);
      assert.is(result.texts['passages'], passages.texts.length);
      assert.ok(passages.texts.length > 2 * own.length, `${passages.texts.length} passages in ${own.length} chunks`);
      // Each is what its place says; without the overlaps they are the chunks.
      let joined = '';
      let end = 0;
      passages.places.forEach(({ frame, span }, index) => {
        const bytes = Buffer.from(own[frame]!);
        assert.is(bytes.toString('utf8', span!.start, span!.end), passages.texts[index]);
        if (span!.start === 0) end = 0;
        joined += bytes.toString('utf8', end, span!.end);
        end = span!.end;
      });
      assert.is(joined, own.join(''));
      assert.equal(await chunksOf(join(whole, 'corpus-1.zpkg')), own);
      assert.equal(await chunksOf(join(whole, 'corpus-2.zpkg')), joinWindows(passages.texts, 6).texts);
    } finally {
      await reader.close();
    }
    assert.is((await run(stopped, source, { pack, training, stopAt: 3 })).step, 3);
    assert.is((await run(stopped, source, { pack, training, resume: true })).step, STEPS);
    await sameWeights(whole, stopped);
  }));

test('gradients in two threads see the same passages', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writeDocuments(folder);
    const pack = { passageSize: 300, variants: [{ window: 3 }] };
    const losses = async (path: string, training: Record<string, unknown>) => {
      await run(join(folder, path), source, { pack, training });
      return metricsOf(join(folder, path)).map(({ loss }) => loss);
    };
    const [one, two] = [await losses('one', {}), await losses('two', { workers: 2 })];
    assert.is(one.length, STEPS);
    one.forEach((loss, step) => {
      assert.ok(Math.abs(loss - two[step]!) < 1e-3 * loss, `step ${step}: ${loss} and ${two[step]}`);
    });
  }));

test.run();
