import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTeacher, LsaEmbedder, lsaConfig } from '../../../encoders/index.ts';

const test = suite<{ folder: string }>('lsa');

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-lsa-'));
});
test.after.each(async (context) => {
  await rm(context.folder, { recursive: true, force: true });
});

const topics = [
  ['cat', 'dog', 'horse', 'animal', 'zoo', 'fur', 'tail'],
  ['engine', 'wheel', 'car', 'brake', 'road', 'fuel', 'motor'],
  ['server', 'network', 'packet', 'router', 'cable', 'switch', 'port'],
];
/** Each text draws four of its topic's words, so that two texts of a topic may share none. */
const texts = Array.from({ length: 120 }, (_, i) => {
  const words = topics[i % 3]!;
  return [0, 2, 3, 5].map((step) => words[(i * 5 + step * ((i % 4) + 1)) % words.length]).join(' ');
});
const config = lsaConfig.parse({ kind: 'lsa', dimension: 3 });

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return Reflect.get(Object(error), 'code');
  }
  return undefined;
}

test('words of a topic meet without sharing a text, words of others do not', async () => {
  const lsa = await LsaEmbedder.fit(texts, config);
  const { data } = await lsa.embedQueries(['cat', 'tail', 'router', 'unheard-of', 'cat dog']);
  const cosine = (a: number, b: number) => [0, 1, 2].reduce((sum, j) => sum + data[a * 3 + j]! * data[b * 3 + j]!, 0);
  assert.ok(cosine(0, 1) > 0.95, `${cosine(0, 1)}`);
  assert.ok(Math.abs(cosine(0, 2)) < 0.2, `${cosine(0, 2)}`);
  assert.ok(Math.abs(cosine(4, 4) - 1) < 1e-6);
  assert.equal([...data.subarray(9, 12)], [0, 0, 0]); // no known term: the zero vector
  assert.equal((await lsa.embedDocuments(['router'])).data, data.slice(6, 9)); // alone as in a batch, document as query
});

test('the same texts give the same bytes; the seed and the texts change the revision', async () => {
  const fit = (more: object, some = texts) => LsaEmbedder.fit(some, { ...config, ...more });
  const [one, two] = [await fit({}), await fit({})];
  assert.is(one.description.revision, two.description.revision);
  assert.equal(one.parts.components, two.parts.components);
  assert.is.not((await fit({ seed: 1 })).description.revision, one.description.revision);
  assert.is.not((await fit({}, texts.slice(1))).description.revision, one.description.revision);
});

test('fewer dimensions than wanted where the texts have a lower rank; no terms at all is an error', async () => {
  const lsa = await LsaEmbedder.fit(['red blue', 'red blue', 'green', 'green'], { ...config, dimension: 256 });
  assert.is(lsa.description.dimension, 2);
  assert.is(await codeOf(LsaEmbedder.fit(['one', 'two'], config)), 'LSA_NO_TERMS');
  assert.is(await codeOf(LsaEmbedder.fit([], config)), 'LSA_NO_TERMS');
});

test('saved and loaded: equal vectors and revision, also through createTeacher and over an older one', async ({ folder }) => {
  const path = join(folder, 'teacher');
  await (await LsaEmbedder.fit(texts.slice(30), config)).save(path);
  const lsa = await LsaEmbedder.fit(texts, config);
  await lsa.save(path);
  assert.is((await readdir(path)).length, 2);
  const loaded = await createTeacher(config, { folder: path });
  assert.equal(loaded.description, lsa.description);
  assert.equal((await loaded.embedDocuments(texts)).data, (await lsa.embedDocuments(texts)).data);
  await loaded.dispose();
});

test('one whose last file was not written, as on a full disk, is not fitted', async ({ folder }) => {
  const path = join(folder, 'half');
  await (await LsaEmbedder.fit(texts, config)).save(path);
  assert.is(LsaEmbedder.isFitted(path), true);
  await rm(join(path, 'lsa.json'));
  assert.is(LsaEmbedder.isFitted(path), false);
  assert.is(LsaEmbedder.isFitted(join(folder, 'nowhere')), false);
});

test('a missing, cut, changed or foreign file is refused with its code', async ({ folder }) => {
  assert.is(await codeOf(LsaEmbedder.load(folder)), 'LSA_NOT_FITTED');
  assert.is(await codeOf(createTeacher(config)), 'TEACHER_FOLDER_NEEDED');
  await (await LsaEmbedder.fit(texts, config)).save(folder);
  const binary = join(folder, (await readdir(folder)).find((name) => name.endsWith('.f32'))!);
  const bytes = await readFile(binary);
  await writeFile(binary, bytes.subarray(0, bytes.length - 4));
  assert.is(await codeOf(LsaEmbedder.load(folder)), 'LSA_DAMAGED');
  bytes[17] = bytes[17]! ^ 1;
  await writeFile(binary, bytes);
  assert.is(await codeOf(LsaEmbedder.load(folder)), 'LSA_DAMAGED');
  await rm(binary);
  assert.is(await codeOf(LsaEmbedder.load(folder)), 'LSA_NOT_FITTED');
  for (const content of ['{', '{"format": "something else"}']) {
    await writeFile(join(folder, 'lsa.json'), content);
    assert.is(await codeOf(LsaEmbedder.load(folder)), 'LSA_DAMAGED');
  }
});

test('Cranfield: the spectrum and the retrieval of scikit-learn', async () => {
  const path = fileURLToPath(new URL('../../../../shared/data/cranfield-beir/', import.meta.url));
  if (!existsSync(path)) {
    console.log('skipped: ../shared/data/cranfield-beir is not beside the checkout');
    return;
  }
  const records = async (name: string) =>
    (await readFile(join(path, name), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { _id: string; title?: string; text: string });
  const documents = await records('corpus.jsonl');
  const qrels = new Map<string, Map<string, number>>();
  for (const line of (await readFile(join(path, 'qrels/test.tsv'), 'utf8')).trim().split('\n').slice(1)) {
    const [query, document, grade] = line.split('\t') as [string, string, string];
    qrels.set(query, (qrels.get(query) ?? new Map<string, number>()).set(document, Number(grade)));
  }
  const queries = (await records('queries.jsonl')).filter(({ _id }) => qrels.has(_id));
  const lsa = await LsaEmbedder.fit(
    documents.map(({ title, text }) => `${title ?? ''} ${text}`.trim()),
    lsaConfig.parse({ kind: 'lsa', dimension: 128, iterations: 20 }),
  );
  // scikit-learn 1.9.1: TfidfVectorizer(sublinear_tf=True, min_df=2, max_df=0.5), TruncatedSVD(128, algorithm='arpack').
  [8.55073898, 4.09479607, 2.48657649, 1.70724477].forEach((value, i) => {
    assert.ok(Math.abs(lsa.parts.singularValues[[0, 1, 10, 64][i]!]! / value - 1) < 1e-3);
  });
  const columns = await lsa.embedDocuments(documents.map(({ title, text }) => `${title ?? ''} ${text}`.trim()));
  const rows = await lsa.embedQueries(queries.map(({ text }) => text));
  let total = 0;
  queries.forEach(({ _id }, query) => {
    const grades = qrels.get(_id)!;
    const scored = documents.map((document, i) => {
      let score = 0;
      for (let j = 0; j < 128; j++) score += rows.data[query * 128 + j]! * columns.data[i * 128 + j]!;
      return { grade: Math.max(0, grades.get(document._id) ?? 0), score };
    });
    const gain = (sorted: readonly { grade: number }[]) =>
      sorted.slice(0, 10).reduce((sum, { grade }, rank) => sum + grade / Math.log2(rank + 2), 0);
    const ideal = gain([...scored].sort((a, b) => b.grade - a.grade));
    if (ideal > 0) total += gain(scored.sort((a, b) => b.score - a.score)) / ideal;
  });
  // Its nDCG@10 over the 225 queries is 0.3879 (exact) and 0.3835 (8 power iterations).
  assert.ok(Math.abs(total / queries.length - 0.3879) < 0.006, `nDCG@10 ${total / queries.length}`);
});

test.run();
