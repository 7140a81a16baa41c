import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { cachedTeacher, createTeacher, TeacherCache, type TextEmbedder, transformersConfig } from '../../../encoders/index.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('teacher cache with models');

const models = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));

interface Reference {
  readonly text: string;
  readonly embedding: readonly number[];
}

interface Asked {
  readonly kind: 'embedDocuments' | 'embedQueries';
  readonly references: readonly Reference[];
}

function cosine(a: ArrayLike<number>, b: readonly number[]): number {
  let [product, square, other] = [0, 0, 0];
  b.forEach((value, index) => {
    product += a[index]! * value;
    square += a[index]! ** 2;
    other += value ** 2;
  });
  return product / Math.sqrt(square * other);
}

function shuffled<Item>(items: readonly Item[], random: RandomNumbers): Item[] {
  const order = items.map((item) => ({ item, key: random.uniform() }));
  return order.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

async function checkAgainst(teacher: TextEmbedder, { kind, references }: Asked): Promise<void> {
  const vectors = await teacher[kind](references.map(({ text }) => text));
  references.forEach(({ text, embedding }, row) => {
    const found = cosine(vectors.data.subarray(row * vectors.dimension, (row + 1) * vectors.dimension), embedding);
    assert.ok(found > 0.9999, `${kind}: ${found} for ${JSON.stringify(text.slice(0, 60))}`);
  });
}

for (const model of ['all-MiniLM-L6-v2', 'qwen3-embedding-tiny']) {
  test(`${model}: the reference vectors in batches of any lengths and order; the second pass reads from disk only`, () =>
    withTemporaryFolder(async (folder) => {
      const path = join(models, model, 'reference.json');
      if (!existsSync(path)) {
        console.log(`skipped: ../shared/models/${model} is not beside the checkout`);
        return;
      }
      const reference = JSON.parse(await readFile(path, 'utf8')) as { documents: Reference[]; queries?: Reference[] };
      const random = new RandomNumbers(1, model);
      const asked: Asked[] = [
        { kind: 'embedDocuments', references: shuffled(reference.documents, random) },
        { kind: 'embedQueries', references: shuffled(reference.queries ?? [], random) },
      ];
      // Batches of four: other texts are padded together than in one batch of all.
      const teacher = await createTeacher(transformersConfig.parse({ kind: 'transformers', model, batchSize: 4 }), { models });
      const first = await TeacherCache.open(folder, teacher.description);
      for (const one of asked) await checkAgainst(cachedTeacher(teacher, first), one);
      await first.close();
      await teacher.dispose();

      let calls = 0;
      const silent: TextEmbedder = {
        description: teacher.description,
        embedDocuments: async (texts) => {
          calls += texts.length;
          return { rows: 0, dimension: teacher.description.dimension, data: new Float32Array(0) };
        },
        embedQueries: (texts) => silent.embedDocuments(texts),
        dispose: async () => undefined,
      };
      const second = await TeacherCache.open(folder, teacher.description);
      const different = asked.map(({ references }) => new Set(references.map(({ text }) => text)).size);
      assert.is(second.size, different[0]! + different[1]!);
      for (const { kind, references } of asked)
        await checkAgainst(cachedTeacher(silent, second), { kind, references: shuffled(references, random) });
      assert.is(calls, 0);
      await second.close();
    }));
}

test.run();
