import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadStudent } from '../../../checkpoints/index.ts';
import { DocumentReader, packCorpus, packTexts, readCorpus } from '../../../data/index.ts';
import { selectBackend } from '../../../model/backend/index.ts';
import { type TrainResult, train } from '../../../training/index.ts';
import { ZpkgReader } from '../../../zpkg/index.ts';
import { restoreBackend } from '../../backend.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { silent, stopAfter, trainOptions } from '../../fixtures/train-options.ts';
import { metricsOf, tinyRun, writePassages } from '../tiny-run.ts';

const test = suite('run with variants');
test.before(async () => {
  await selectBackend('wasm');
});
test.after(async () => {
  await restoreBackend();
});

/** Their text is enough for dictionaries, of a 24th of it. */
const DOCUMENTS = 70;
const STEPS = 6;
const WEIGHT_FILES = ['model.safetensors', 'tables.safetensors', 'optimizer.safetensors'];
const VARIANTS = [
  { level: 1, dictionarySize: 0 },
  { level: 9, dictionarySample: { share: 0.5, seed: 2 }, weight: 2 },
];

interface RunOptions {
  readonly stopAt?: number;
  readonly resume?: boolean;
  readonly variants?: readonly object[];
  readonly input?: string;
  readonly notes?: string[];
}

/** Trains with a memory of negatives too, which must resume as exactly. */
async function run(path: string, source: string, options: RunOptions = {}): Promise<TrainResult> {
  const memory = { size: 20, startStep: 1 };
  const values = tinyRun(source, STEPS, { loss: { infoNce: { memory } }, accumulate: 2, checkpointEvery: 100 });
  const { variants = VARIANTS, input = 'symbols' } = options;
  const { pack, model } = values as { pack: object; model: object };
  const changed = { ...values, pack: { ...pack, variants }, model: { ...model, input } };
  const listener = { ...silent, note: (line: string) => void options.notes?.push(line) };
  return train(trainOptions(path, changed, { resume: options.resume ?? false, ...stopAfter(options.stopAt, listener) }));
}

/** Chunk by chunk. */
async function textsOf(path: string): Promise<{ texts: string[]; dictionary: Uint8Array }> {
  const reader = await ZpkgReader.open(path);
  try {
    const texts: string[] = [];
    for (let chunk = 0; chunk < reader.chunkCount; chunk++) texts.push(Buffer.from(await reader.chunk(chunk)).toString('utf8'));
    return { texts, dictionary: reader.dictionary };
  } finally {
    await reader.close();
  }
}

/** The student's vectors of a container's documents, all one chunk here, in the order of the corpus. */
async function encode(run: string, zpkg: string): Promise<Float32Array[]> {
  const [{ student, dispose }, reader] = [await loadStudent(run), await DocumentReader.open(zpkg)];
  try {
    const frames = await Promise.all([...reader.ids()].map((id) => reader.compressedChunk(reader.chunksOf(id)[0]!)));
    const { data, dimension } = await student.encodeChunks(frames, reader.dictionary);
    return frames.map((_, row) => data.slice(row * dimension, (row + 1) * dimension) as Float32Array);
  } finally {
    await reader.close();
    dispose();
  }
}

test('variants are packed once beside the corpus, with its chunks; the run resumes to the byte; its checkpoint reads other dictionaries', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, DOCUMENTS);
    const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')];
    const notes: string[] = [];
    assert.is((await run(whole, source, { notes })).step, STEPS);
    assert.ok(
      notes.some((note) => /^variants: 2 more containers in .*, about \d+\.\d MB of disk$/.test(note)),
      notes.join('\n'),
    );
    const own = await textsOf(join(whole, 'corpus.zpkg'));
    const variants = await Promise.all([1, 2].map((number) => textsOf(join(whole, `corpus-${number}.zpkg`))));
    for (const { texts } of variants) assert.equal(texts, own.texts);
    assert.is(variants[0]!.dictionary.length, 0);
    assert.ok(variants[1]!.dictionary.length > 0 && !Buffer.from(variants[1]!.dictionary).equals(own.dictionary));
    assert.not.ok((await readdir(whole)).includes('corpus-3.zpkg'));
    for (const { loss } of metricsOf(whole)) assert.ok(Number.isFinite(loss));

    assert.is((await run(stopped, source, { stopAt: 2 })).step, 2);
    const before = await stat(join(stopped, 'corpus-1.zpkg'));
    assert.is((await run(stopped, source, { resume: true })).step, STEPS);
    assert.is((await stat(join(stopped, 'corpus-1.zpkg'))).mtimeMs, before.mtimeMs);
    for (const file of WEIGHT_FILES) {
      const [a, b] = await Promise.all([whole, stopped].map((path) => readFile(join(path, 'checkpoints', String(STEPS), file))));
      assert.ok(a!.equals(b!), `${file} differs`);
    }

    // A dictionary and a level that no packing of the run has.
    const unseen = join(folder, 'unseen.zpkg');
    await packCorpus(() => readCorpus(source), unseen, { level: 15, dictionarySize: 1024, targetChunkSize: 1024 });
    const { dictionary } = await textsOf(unseen);
    assert.ok(dictionary.length > 0);
    for (const seen of [own, ...variants]) assert.not.ok(Buffer.from(dictionary).equals(seen.dictionary));
    const [vectors, references] = [await encode(whole, unseen), await encode(whole, join(whole, 'corpus.zpkg'))];
    assert.is(vectors.length, DOCUMENTS);
    const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const nearest = vectors.map((vector) => {
      assert.ok(Math.abs(product(vector, vector) - 1) < 1e-4);
      const products = references.map((reference) => product(vector, reference));
      return products.indexOf(Math.max(...products));
    });
    // Of 70 documents one is right by chance.
    const right = nearest.filter((document, index) => document === index).length;
    assert.ok(right > 0.7 * DOCUMENTS, `${right} of ${DOCUMENTS} documents are nearest to themselves`);
  }));

test('a model of texts reads no frames, and so its run packs no variants', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 20);
    const path = join(folder, 'text');
    await run(path, source, { input: 'text', stopAt: 1 });
    assert.not.ok((await readdir(path)).some((name) => name.startsWith('corpus-')));
  }));

test('a variant of other chunks is refused', () =>
  withTemporaryFolder(async (folder) => {
    const source = await writePassages(folder, 20);
    const path = join(folder, 'run');
    await run(path, source, { stopAt: 1 });
    await packTexts(['another corpus'], join(path, 'corpus-2.zpkg'), { level: 1, dictionarySize: 0 });
    const error = await errorOf(() => run(path, source, { resume: true }));
    assert.is(error.code, 'RUN_VARIANT_DIFFERS');
    assert.match(error.message, /corpus-2\.zpkg has 1 chunks, .*corpus\.zpkg has 20: remove /);
    await rm(join(path, 'corpus-2.zpkg'));
    assert.is((await run(path, source, { resume: true })).step, STEPS);
  }));

test.run();
