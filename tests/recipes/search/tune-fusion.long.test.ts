import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ingest } from '../../../recipes/ingest/index.ts';
import { openCollection, tuneFusion } from '../../../recipes/search/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { saveIngestStudent } from '../ingest/student.ts';

const test = suite('a fusion that is chosen for a collection');

const TEXTS: Readonly<Record<string, string>> = {
  'lamp.md': '# Lamp\n\nThe lantern of the lighthouse is lit by its keeper before the sun goes down.',
  'ferry.md': '# Ferry\n\nA pilot guides the ferry past the long stone jetty into the old harbour.',
  'cargo.md': '# Cargo\n\nHeavy cargo is loaded by the derrick while the tide is still coming in.',
  'nets.md': '# Nets\n\nFishermen mend their torn nets on the quay when a storm keeps them ashore.',
};

test('on its own sentences, then on questions; searches go by it, unless they say how', () =>
  withTemporaryFolder(async (folder) => {
    const [files, into, checkpoint] = [join(folder, 'files'), join(folder, 'collection'), join(folder, 'run')];
    await saveIngestStudent(checkpoint);
    await mkdir(files);
    for (const [name, text] of Object.entries(TEXTS)) await writeFile(join(files, name), text);
    await ingest({ paths: [files], into, checkpoint, backend: 'cpu' });
    const sentences = await tuneFusion({ collection: into, backend: 'cpu' });
    assert.is(sentences.chosenOn.kind, 'sentences');
    // Two queries a text.
    assert.is(sentences.chosenOn.queries, 8);
    assert.ok(sentences.chosenOn.chosen >= 0.99 * sentences.chosenOn.words);
    const dev = join(folder, 'dev.jsonl');
    const questions = [
      ['who lights the lantern?', 'files/lamp.md'],
      ['where does the pilot guide the ferry?', 'files/ferry.md'],
      ['what loads heavy cargo?', 'files/cargo.md'],
      ['when do fishermen mend nets?', 'files/nets.md'],
    ];
    await writeFile(dev, questions.map(([query, documents]) => JSON.stringify({ query, documents })).join('\n'));
    const { collection: _, ...chosen } = await tuneFusion({ collection: into, questions: dev, backend: 'cpu' });
    assert.is(chosen.chosenOn.kind, 'questions');
    assert.is(chosen.chosenOn.words, 1);
    assert.equal(JSON.parse(await readFile(join(into, 'fusion.json'), 'utf8')), { format: 'cem-fusion', version: 1, ...chosen });
    // What is kept is what searches go by, whatever was chosen here.
    const alone = { ...chosen, retrievers: 'bm25', fusion: undefined };
    await writeFile(join(into, 'fusion.json'), JSON.stringify({ format: 'cem-fusion', version: 1, ...alone }));
    for (const [options, retrievers] of [
      [{}, 'bm25'],
      [{ retrievers: 'hybrid' as const }, 'hybrid'],
      [{ fusion: { method: 'rrf' as const } }, 'hybrid'],
    ] as const) {
      await using searcher = await openCollection(into, { ...options, backend: 'cpu' });
      assert.is(searcher.description.retrievers, retrievers);
      const [first] = await searcher.search('who lights the lantern?', { k: 1 });
      assert.match(first!.text, /lantern/);
    }
    await writeFile(join(into, 'fusion.json'), '{"format": "cem-fusion", "version": 2}');
    assert.is((await errorOf(() => openCollection(into, { backend: 'cpu' }))).code, 'COLLECTION_FORMAT');
    assert.is((await errorOf(() => tuneFusion({ collection: join(folder, 'none') }))).code, 'COLLECTION_MISSING');
  }));

test.run();
