import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { loadStudent, saveQueryHeadCheckpoint } from '../../../checkpoints/index.ts';
import { openTokenEncoder } from '../../../encoders/index.ts';
import { QueryHeadModel, queryHeadModelConfigSchema } from '../../../model/query-head/index.ts';
import { Collections } from '../../../recipes/collections/index.ts';
import { type IngestOptions, ingest } from '../../../recipes/ingest/index.ts';
import { openCollection } from '../../../recipes/search/index.ts';
import { anyBackend } from '../../backend.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { saveIngestStudent } from './student.ts';

const test = suite('vector groups in a collection');

const MODELS = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));
// Random weights: what is under test is which groups are compared, and not what they mean. Without a prompt a query's vectors are those of the same text as a passage.
const MODEL = 'qwen3-embedding-tiny';

const TEXTS: Readonly<Record<string, string>> = {
  'lantern.md': 'The lantern of the lighthouse burns before sunset',
  'cargo.md': 'Cargo is loaded by the derrick near the jetty',
  'pilot.md': 'A pilot guides the ferry past seven sandbanks',
};

if (!existsSync(join(MODELS, MODEL))) {
  console.log(`skipped: vector groups in a collection (no ${MODEL} in ${MODELS})`);
} else {
  test('ingested, found, explained, changed, removed; refused by name', () =>
    withTemporaryFolder(async (folder) => {
      const [files, into, checkpoint] = [join(folder, 'files'), join(folder, 'collections', 'ports'), join(folder, 'run')];
      await saveIngestStudent(checkpoint);
      await mkdir(files);
      await mkdir(join(folder, 'collections'));
      for (const [name, text] of Object.entries(TEXTS)) await writeFile(join(files, name), text);
      const groups: IngestOptions['groups'] = { encoder: { model: MODEL, queryPrompt: '' }, codec: 'residual2' };
      const common = { into, checkpoint, models: MODELS, backend: 'cpu' as const };
      await ingest({ ...common, paths: [files], groups });

      const found = async (query: string, explain = false) => {
        await using searcher = await openCollection(into, { models: MODELS, queries: 'teacher', field: { explain } });
        // Awaited here: the searcher is closed when this returns.
        return await searcher.search(query, { k: 3 });
      };
      const sourceOf = ({ metadata }: { readonly metadata?: object }) => (metadata as { source?: string } | undefined)?.source;
      const [first, ...others] = await found(TEXTS['cargo.md']!, true);
      assert.is(first!.retriever, 'field');
      assert.is(sourceOf(first!), 'files/cargo.md');
      assert.ok(first!.coarseScore !== undefined && others.every(({ score }) => score <= first!.score));
      // The query's words are the passage's, in its order, without "is", "by" and "the"; some are several tokens.
      const words = [...new Set(first!.matches!.map(({ query }) => query))];
      assert.equal(words, ['cargo', 'loaded', 'derrick', 'near', 'jetty']);
      assert.ok(first!.matches!.every(({ passage }) => passage !== undefined));
      assert.is(first!.matches!.filter(({ used }) => used).length, 3);

      // A changed file's passage has a new group, one that is gone none.
      await writeFile(join(files, 'cargo.md'), 'Barrels of herring and salt wait in the warehouse');
      await ingest(common);
      await ingest({ ...common, forget: [] });
      assert.is(sourceOf((await found('Barrels of herring and salt wait in the warehouse'))[0]!), 'files/cargo.md');

      // The same through a collection that stays open.
      await using collections = await Collections.open({
        ...{ folder: join(folder, 'collections'), checkpoint, models: MODELS, backend: 'cpu', queries: 'teacher' },
      });
      const live = await collections.get('ports');
      await live.change({ put: [{ source: 'gulls.txt', content: 'Seventeen gulls sleep upon the breakwater' }] });
      const search = { k: 2, labels: 'everything' as const, field: { explain: true } };
      const [gulls] = await live.search('Seventeen gulls sleep upon the breakwater', search);
      assert.is(sourceOf(gulls!), 'gulls.txt');
      assert.ok(gulls!.matches!.length > 0);
      await collections.close();

      const other = await errorOf(() => ingest({ ...common, groups: { encoder: { model: MODEL }, codec: 'float16' } }));
      assert.is(other.code, 'COLLECTION_SETTINGS');
      const strategy = { strategy: 'mean' } as unknown as NonNullable<NonNullable<IngestOptions['groups']>['vectorizer']>;
      const unknown = await errorOf(() => ingest({ ...common, groups: { vectorizer: strategy } }));
      assert.is(unknown.code, 'GROUP_STRATEGY');
    }));
}

if (existsSync(join(MODELS, MODEL))) {
  test('through a head, of patches of compressed chunks: kept in the collection, used by searches, another one refused', () =>
    withTemporaryFolder(async (folder) => {
      await anyBackend();
      const [files, into, checkpoint] = [join(folder, 'files'), join(folder, 'collections', 'ports'), join(folder, 'run')];
      await saveIngestStudent(checkpoint);
      await mkdir(files);
      await mkdir(join(folder, 'collections'));
      for (const [name, text] of Object.entries(TEXTS)) await writeFile(join(files, name), text);
      const encoder = await openTokenEncoder({ model: MODEL, queryPrompt: '' }, MODELS);
      const { description, tokenDimension } = encoder;
      await encoder.dispose();
      using student = await loadStudent(checkpoint);
      const { hash, student: model } = student;
      const saveHead = async (name: string, seed: number, revision: string): Promise<string> => {
        const shape = queryHeadModelConfigSchema.parse({ dimension: 4, shared: false });
        const random = new RandomNumbers(seed, 'head');
        const drawn = (width: number): Float32Array => {
          const values = new Float32Array(shape.dimension * width);
          random.fillTruncatedNormal(values, 1);
          return values;
        };
        const head = QueryHeadModel.create(shape, { query: drawn(tokenDimension), key: drawn(model.dimension) }, seed);
        const path = join(folder, name);
        const patches = { revision, dimension: model.dimension };
        await saveQueryHeadCheckpoint(
          path,
          head,
          { encoder: description, patches },
          { step: 1, seed, config: { name } },
          new Map(),
        );
        head.dispose();
        return path;
      };
      const [head, other] = [await saveHead('head', 1, hash), await saveHead('other', 2, hash)];
      const groups: IngestOptions['groups'] = { encoder: { model: MODEL, queryPrompt: '' }, patches: {}, codec: 'float16' };
      const common = { into, checkpoint, models: MODELS };
      await ingest({ ...common, paths: [files], groups: { ...groups, head } });
      // From now on it is the collection's own.
      await rm(head, { recursive: true });
      await writeFile(join(files, 'cargo.md'), 'Barrels of herring and salt wait in the warehouse');
      await ingest(common);
      const search = async () => {
        await using searcher = await openCollection(into, { models: MODELS, queries: 'teacher', field: { explain: true } });
        // Awaited here: the searcher is closed when this returns.
        // A word of each file: the teacher knows none of them, so that only words bring candidates.
        return await searcher.search('Barrels, a ferry and a lighthouse', { k: 3 });
      };
      const found = await search();
      assert.is(found.length, 3);
      assert.ok(found.every(({ retriever, coarseScore }) => retriever === 'field' && coarseScore !== undefined));
      assert.equal(
        found.map(({ score }) => score),
        found.map(({ score }) => score).sort((a, b) => b - a),
      );
      assert.ok(found[0]!.matches!.length > 0);
      const refused = await errorOf(() => ingest({ ...common, groups: { ...groups, head: other } }));
      assert.is(refused.code, 'COLLECTION_SETTINGS');
      assert.match(refused.message, /was made with groups .*"head"/);
      // Put in its place by hand: the groups that are there are of the first one.
      const [kept, aside] = [join(into, 'head'), join(folder, 'aside')];
      await rename(kept, aside);
      await cp(other, kept, { recursive: true });
      assert.is((await errorOf(() => ingest(common))).code, 'HEAD_CHANGED');
      await rm(kept, { recursive: true });
      await rename(aside, kept);

      // The same in a collection that stays open; a head for patches of another checkpoint is refused by name.
      await using collections = await Collections.open({
        ...{ folder: join(folder, 'collections'), checkpoint, models: MODELS, queries: 'teacher' },
      });
      await collections.create('more', { groups: { ...groups, head: other } });
      const live = await collections.get('more');
      await live.change({ put: [{ source: 'gulls.txt', content: 'Seventeen gulls sleep upon the breakwater' }] });
      const [gulls] = await live.search('gulls', { k: 1, labels: 'everything', field: {} });
      assert.is(gulls!.retriever, 'field');
      const strange = await saveHead('strange', 3, 'other weights');
      await collections.create('wrong', { groups: { ...groups, head: strange } });
      const wrong = await collections.get('wrong');
      const error = await errorOf(() => wrong.change({ put: [{ source: 'a.txt', content: 'A pilot guides the ferry' }] }));
      assert.is(error.code, 'HEAD_ENCODER');
      await collections.close();
    }));
}

test('a collection without groups says what to do', () =>
  withTemporaryFolder(async (folder) => {
    const [file, into, checkpoint] = [join(folder, 'cargo.md'), join(folder, 'collection'), join(folder, 'run')];
    await saveIngestStudent(checkpoint);
    await writeFile(file, TEXTS['cargo.md']!);
    const common = { paths: [file], into, checkpoint, backend: 'cpu' as const };
    await ingest(common);
    const missing = await errorOf(() => openCollection(into, { queries: 'teacher', field: {} }));
    assert.is(missing.code, 'GROUPS_MISSING');
    assert.match(missing.message, 'cem ingest FILES --into OTHER --groups');
    const late = await errorOf(() => ingest({ ...common, groups: {} }));
    assert.is(late.code, 'COLLECTION_SETTINGS');
    assert.match(late.message, 'groups none');
  }));

test.run();
