import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createTeacher,
  judgeTeacher,
  LsaEmbedder,
  lsaConfig,
  probeTeacher,
  type TeacherProbe,
  type TextEmbedder,
  teacherProbeSchema,
  transformersConfig,
} from '../../../encoders/index.ts';
import { PROBE_TEXTS } from '../../../encoders/teacher/teacher-probe.ts';
import { type LsaTeachers, lsaTeachers } from '../lsa/lsa-teachers.ts';

const test = suite<LsaTeachers>('teacher probe');

const models = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));

test.before(async (context) => {
  Object.assign(context, await lsaTeachers());
});

const record = async (teacher: TextEmbedder) => ({ ...teacher.description, probe: (await probeTeacher(teacher))! });

/** A probe's numbers by another way than the one under test. */
function numbersOf({ vectors }: TeacherProbe): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(vectors, 'base64')).buffer);
}

test('the first list of texts is what recorded vectors are vectors of: it may not change', () => {
  const digest = createHash('sha256').update(JSON.stringify(PROBE_TEXTS)).digest('hex');
  assert.is(digest, 'f8507483ee498ebeb9b0cbaa8458e2cce1218547b4b7b2d0d93d744fe633d2df');
  assert.ok(
    PROBE_TEXTS.some(({ text }) => text.split(/\s+/).length > 512),
    'one is longer than 512 tokens, which are words or parts of them',
  );
  assert.ok(PROBE_TEXTS.some(({ text }) => /[^\p{ASCII}]/u.test(text)));
});

test('a probe holds the vectors of its texts, each as the document or the query that it is', async ({ recorded }) => {
  const asked: string[] = [];
  const teacher: TextEmbedder = {
    description: recorded.description,
    embedDocuments: (texts) => {
      asked.push(...texts.map((text) => `document ${text}`));
      return recorded.embedDocuments(texts);
    },
    // Otherwise read than as documents, so that a mix-up shows.
    embedQueries: (texts) => {
      asked.push(...texts.map((text) => `query ${text}`));
      return recorded.embedQueries(texts.map((text) => `${text} directory`));
    },
    dispose: async () => undefined,
  };
  const probe = (await probeTeacher(teacher))!;
  assert.equal(asked.sort(), PROBE_TEXTS.map(({ as, text }) => `${as} ${text}`).sort());
  const { dimension } = recorded.description;
  assert.equal([probe.texts, probe.dimension], [1, dimension]);
  const numbers = numbersOf(probe);
  for (const [row, { as, text }] of PROBE_TEXTS.entries()) {
    const { data } = await recorded.embedDocuments([as === 'query' ? `${text} directory` : text]);
    assert.equal(numbers.slice(row * dimension, (row + 1) * dimension), data, text);
  }
});

test('identical by id and revision, without embedding anything', async ({ recorded }) => {
  const never = () => assert.unreachable('it embedded something') as never;
  const teacher = { ...recorded, description: recorded.description, embedDocuments: never, embedQueries: never, dispose: never };
  assert.equal(await judgeTeacher(teacher, await record(recorded)), { verdict: 'identical' });
});

test('equivalent by its vectors, whatever its revision and its name', async ({ recorded, equivalent }) => {
  assert.is.not(equivalent.description.revision, recorded.description.revision);
  const made = await record(recorded);
  for (const wanted of [made, { ...made, id: 'transformers:another-name' }]) {
    const judgement = await judgeTeacher(equivalent, wanted);
    assert.is(judgement.verdict, 'equivalent');
    assert.match((judgement as { reason: string }).reason, /smallest cosine .* is 1\.000000$/);
  }
});

test('different by its vectors, or by their length; unknown where none were recorded', async ({
  recorded,
  equivalent,
  different,
}) => {
  const made = await record(recorded);
  const judgement = (await judgeTeacher(different, made)) as { verdict: string; reason: string };
  assert.is(judgement.verdict, 'different');
  // The smallest of the cosines, by hand.
  const [ours, theirs] = [numbersOf(made.probe), numbersOf((await record(different)).probe)];
  const cosines = PROBE_TEXTS.map((_, row) => {
    const [a, b] = [ours, theirs].map((all) => all.subarray(16 * row, 16 * row + 16)) as [Float32Array, Float32Array];
    return a.reduce((sum, value, index) => sum + value * b[index]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
  });
  const smallest = Math.min(...cosines.filter((value) => !Number.isNaN(value)));
  assert.ok(smallest < 0.99, `${smallest}`);
  // The reason has four digits, and the sums of both ways differ in the last one that a float has.
  const told = Number(/-?\d\.\d{4}/.exec(judgement.reason)?.[0]);
  assert.ok(Math.abs(told - smallest) < 1e-4, `${judgement.reason}, by hand ${smallest}`);

  const short = await LsaEmbedder.fit(
    ['one two three', 'two three four', 'three one four'],
    lsaConfig.parse({ kind: 'lsa', dimension: 2, maximumDocumentShare: 1 }),
  );
  assert.match(((await judgeTeacher(short, made)) as { reason: string }).reason, 'have 2 numbers, not 16');
  const { probe: _, ...unrecorded } = made;
  assert.is((await judgeTeacher(equivalent, unrecorded)).verdict, 'unknown');
});

test('one vector that is off, none, or not a number makes another teacher', async ({ recorded, equivalent }) => {
  const made = await record(recorded);
  const spoilt = (change: (data: Float32Array) => void): TextEmbedder => ({
    description: equivalent.description,
    embedDocuments: (texts) => equivalent.embedDocuments(texts),
    embedQueries: async (texts) => {
      const vectors = await equivalent.embedQueries(texts);
      change(vectors.data.subarray(0, vectors.dimension));
      return vectors;
    },
    dispose: async () => undefined,
  });
  const verdict = async (change: (data: Float32Array) => void) => (await judgeTeacher(spoilt(change), made)).verdict;
  /** Turns a unit vector by an angle towards what is at right angles to it in its first two places. */
  const turn = (cosine: number) => (data: Float32Array) => {
    const norm = Math.hypot(data[0]!, data[1]!);
    const [x, y] = [-data[1]! / norm, data[0]! / norm];
    const sine = Math.sqrt(1 - cosine * cosine);
    data.forEach((value, index) => {
      data[index] = cosine * value + (index === 0 ? sine * x : index === 1 ? sine * y : 0);
    });
  };
  assert.is(await verdict(turn(0.9995)), 'equivalent');
  assert.is(await verdict(turn(0.9985)), 'different');
  assert.is(await verdict((data) => data.fill(0)), 'different');
  assert.is(await verdict((data) => data.fill(Number.NaN)), 'different');
});

test('a teacher without words for half of the texts has no probe', async () => {
  const texts = ['zebra giraffe', 'giraffe okapi', 'okapi zebra giraffe'];
  const zoo = await LsaEmbedder.fit(texts, lsaConfig.parse({ kind: 'lsa', dimension: 2, maximumDocumentShare: 1 }));
  assert.is(await probeTeacher(zoo), undefined);
});

test('a damaged probe is no probe', async ({ recorded }) => {
  const probe = (await probeTeacher(recorded))!;
  assert.ok(teacherProbeSchema.safeParse(probe).success);
  for (const bad of [
    { ...probe, texts: 2 },
    { ...probe, dimension: 15 },
    { ...probe, vectors: probe.vectors.slice(8) },
    { ...probe, vectors: '?' },
    { ...probe, more: 1 },
  ])
    assert.not(teacherProbeSchema.safeParse(bad).success, JSON.stringify(bad).slice(0, 60));
});

test('qwen3-embedding-tiny: the same weights in other files are recognised, another tokenizer is not', async () => {
  const name = 'qwen3-embedding-tiny';
  if (!existsSync(join(models, name))) {
    console.log(`skipped: ../shared/models/${name} is not beside the checkout`);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'cem-probe-'));
  try {
    const copy = join(folder, name);
    await cp(join(models, name), copy, { recursive: true });
    const open = (place: string) =>
      createTeacher(transformersConfig.parse({ kind: 'transformers', model: name }), { models: place });
    const original = await open(models);
    const made = await record(original);
    await original.dispose();
    const rewrite = async (file: string, change: (text: string) => string) => {
      const path = join(copy, file);
      await rm(path, { force: true });
      await writeFile(path, change(await readFile(join(models, name, file), 'utf8')));
    };
    const judge = async () => {
      const teacher = await open(folder);
      assert.is.not(teacher.description.revision, made.revision);
      const judgement = await judgeTeacher(teacher, made);
      await teacher.dispose();
      return judgement.verdict;
    };
    await rewrite('tokenizer_config.json', (text) => `${text}\n`);
    assert.is(await judge(), 'equivalent');
    // A tokenizer that gives two common letters each other's numbers.
    await rewrite('tokenizer.json', (text) => {
      const json = JSON.parse(text) as { model: { vocab: Record<string, number> } };
      const { vocab } = json.model;
      [vocab['a'], vocab['e']] = [vocab['e']!, vocab['a']!];
      return JSON.stringify(json);
    });
    assert.is(await judge(), 'different');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
