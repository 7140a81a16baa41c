import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { probeTeacher, type TextEmbedder } from '../../../encoders/index.ts';
import type { IndexManifest } from '../../../rag/index.ts';
import { openQueryEncoder } from '../../../rag/retrieval/query-encoder.ts';
import { type LsaTeachers, lsaTeachers } from '../../encoders/lsa/lsa-teachers.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { MAKERS } from '../fixtures.ts';

interface Context extends LsaTeachers {
  /** Where the index looks for its teacher. */
  folder: string;
  made: IndexManifest;
}

const test = suite<Context>('query encoder of an index');

test.before(async (context) => {
  Object.assign(context, await lsaTeachers());
  context.folder = await mkdtemp(join(tmpdir(), 'cem-query-encoder-'));
  const { parts, description } = context.recorded;
  const { id, revision, dimension } = description;
  const probe = await probeTeacher(context.recorded);
  const teacher = { id, revision, config: parts.config, folder: context.folder, probe };
  context.made = {
    ...MAKERS,
    version: 1,
    id: '0'.repeat(16),
    teacher,
    dimension,
    store: { kind: 'pglite' },
    documents: 1,
    chunks: 1,
  };
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

/** Opens what encodes the queries of the index, and gives what is said meanwhile. */
async function open(manifest: IndexManifest): Promise<{ notes: string[]; embedder: TextEmbedder }> {
  const notes: string[] = [];
  const index = { path: '/indexes/one', manifest, queryStudent: undefined };
  const { embedder } = await openQueryEncoder(index, { note: (line) => notes.push(line) });
  return { notes, embedder: embedder as TextEmbedder };
}

test('its own teacher is taken without a word', async ({ recorded, folder, made }) => {
  await recorded.save(folder);
  const { notes, embedder } = await open(made);
  assert.is(embedder.description.revision, recorded.description.revision);
  assert.equal(notes, []);
});

test('one of other files that computes the same is taken, and one line says so', async ({
  recorded,
  equivalent,
  folder,
  made,
}) => {
  await equivalent.save(folder);
  const { notes, embedder } = await open(made);
  assert.is(embedder.description.revision, equivalent.description.revision);
  assert.is(notes.length, 1);
  for (const part of [equivalent.description.revision.slice(0, 12), recorded.description.revision.slice(0, 12), '1.000000'])
    assert.ok(notes[0]!.includes(part), `${part}: ${notes[0]}`);
});

test('one that computes otherwise is refused, with the smallest cosine and what to do', async ({ different, folder, made }) => {
  await different.save(folder);
  const { code, message, details } = await errorOf(() => open(made));
  assert.is(code, 'INDEX_OTHER_TEACHER');
  assert.match(message, /smallest cosine .* is -?0\.\d{6} \(a (document|query)\), less than 0\.999; .*--models/);
  assert.not.match(JSON.stringify(details), 'vectors', 'the recorded vectors are not for people');
});

test('an index of before, which has no vectors to go by, knows its teacher by id and revision alone', async ({
  recorded,
  equivalent,
  folder,
  made,
}) => {
  const { probe: _, ...teacher } = made.teacher;
  const old = { ...made, teacher };
  await equivalent.save(folder);
  const { code, message } = await errorOf(() => open(old));
  assert.is(code, 'INDEX_OTHER_TEACHER');
  assert.match(message, 'no vectors were recorded');
  await recorded.save(folder);
  assert.equal((await open(old)).notes, []);
});

test.run();
