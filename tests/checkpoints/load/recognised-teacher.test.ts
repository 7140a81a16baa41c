import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withoutMachinePaths } from '../../../checkpoints/export/machine-paths.ts';
import {
  type CheckpointState,
  exportEncoder,
  loadStudent,
  loadTeacher,
  readCheckpointState,
  readExportDescription,
  saveCheckpoint,
} from '../../../checkpoints/index.ts';
import { exportCommand } from '../../../cli/commands/export.ts';
import { probeTeacher, transformersConfig } from '../../../encoders/index.ts';
import { CemModel } from '../../../model/embedder.ts';
import { testBackend } from '../../backend.ts';
import { runCommand } from '../../cli/run-command.ts';
import { type LsaTeachers, lsaTeachers } from '../../encoders/lsa/lsa-teachers.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { STATE, TINY_MODEL } from '../fixtures.ts';

interface Context extends LsaTeachers {
  folder: string;
  /** A run whose checkpoint does not say what its teacher computes. */
  run: string;
}

const test = suite<Context>('recognised teacher');

test.before(async (context) => {
  await testBackend();
  Object.assign(context, await lsaTeachers());
  context.folder = await mkdtemp(join(tmpdir(), 'cem-recognised-'));
  const { description, parts } = context.recorded;
  const { id, revision, settings } = description;
  context.run = await saveRun(context.folder, 'run', { config: parts.config, id, revision, settings: { ...settings } });
  await context.recorded.save(join(context.run, 'teacher'));
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

/** A run folder with one untrained checkpoint, whose configuration and figures name files of this machine. */
async function saveRun(folder: string, name: string, teacher: CheckpointState['teacher']): Promise<string> {
  const run = join(folder, name);
  const model = CemModel.create(TINY_MODEL, 16, 1);
  const config = { name, data: { source: join(folder, 'secret', 'texts-beir') }, teacher: teacher.config };
  const checkpoint = join(run, 'checkpoints', '7');
  const hash = await saveCheckpoint(checkpoint, model, { ...STATE, dimension: 16, teacher, config });
  model.dispose();
  await writeFile(
    join(run, 'evaluation.json'),
    JSON.stringify({
      encoders: { student: { ndcg_at_10: 0.5 } },
      retention: 0.8,
      saving: 0.66,
      candidates: 'judged',
      dataset: 'docs',
      split: 'dev',
      dictionary: join(folder, 'secret', 'corpus.zpkg'),
      checkpoint: { path: checkpoint, hash },
    }),
  );
  return run;
}

async function exportRun(run: string, output: string, models?: string) {
  const loaded = await loadStudent(run);
  try {
    return await exportEncoder(loaded, output, { format: 'safetensors', force: true, ...(models !== undefined && { models }) });
  } finally {
    loaded.dispose();
  }
}

test('an export says what the teacher computes, though its checkpoint does not; its weights stay what they are', async ({
  folder,
  run,
  recorded,
}) => {
  const output = join(folder, 'export');
  const result = await exportRun(run, output);
  assert.equal(result.probe, { recorded: true, origin: 'computed now' });
  const [before, after] = [await readCheckpointState(join(run, 'checkpoints', '7')), await readCheckpointState(output)];
  const { probe, ...teacher } = after.teacher;
  assert.equal(probe, await probeTeacher(recorded));
  assert.equal({ ...after, teacher }, before);
  assert.equal((await readExportDescription(output)).teacher.probe, probe);
  assert.match(
    await readFile(join(output, 'README.md'), 'utf8'),
    /Another conversion of its weights, .* cosine of 0\.999 at least/,
  );

  // An export is a checkpoint, and hands on what it has, also in place.
  const bytes = await readFile(join(output, 'state.json'), 'utf8');
  const text = await runCommand(exportCommand, ['export', '--checkpoint', output, '--output', output, '--force']);
  assert.match(text, "recognised by: the checkpoint's own");
  assert.is(await readFile(join(output, 'state.json'), 'utf8'), bytes);
  // Rounded, and without state.json.
  const small = join(folder, 'small');
  await runCommand(exportCommand, ['export', '--checkpoint', output, '--output', small, '--precision', 'fp16']);
  assert.equal((await readCheckpointState(small)).teacher.probe, probe);
  const web = join(folder, 'web');
  await runCommand(exportCommand, ['export', '--checkpoint', run, '--output', web, '--format', 'layers-model']);
  assert.equal((await readExportDescription(web)).teacher.probe, probe);
});

test('nothing is recorded of a teacher that is not there, or not the one that the checkpoint was trained to', async ({
  folder,
  run,
  recorded,
  equivalent,
}) => {
  const config = transformersConfig.parse({ kind: 'transformers', model: 'all-MiniLM-L6-v2', remote: true });
  const far = await saveRun(folder, 'far', {
    config,
    id: 'transformers:all-MiniLM-L6-v2',
    revision: 'f'.repeat(16),
    settings: {},
  });
  const output = join(folder, 'far-export');
  const absent = await exportRun(far, output, join(folder, 'no-models'));
  assert.is(absent.probe.recorded, false);
  assert.match(absent.probe.origin, /ffffffffffff\) is not in .*no-models; --models/);
  assert.match(await readFile(join(output, 'README.md'), 'utf8'), 'counts as another teacher');

  // Equal vectors are not enough: what is recorded is what the checkpoint was trained to, to the last bit.
  await equivalent.save(join(run, 'teacher'));
  const other = await exportRun(run, join(folder, 'other'));
  assert.is(other.probe.recorded, false);
  assert.match(other.probe.origin, equivalent.description.revision.slice(0, 12));
  await recorded.save(join(run, 'teacher'));
});

test('a checkpoint takes its own teacher, and one that computes the same; another one is refused', async ({
  folder,
  run,
  recorded,
  equivalent,
  different,
}) => {
  const exported = join(folder, 'taken');
  await exportRun(run, exported);
  const load = async (place: string) => {
    const loaded = await loadStudent(place);
    loaded.dispose();
    const notes: string[] = [];
    const teacher = await loadTeacher(loaded, { note: (line) => notes.push(line) });
    return { revision: teacher.description.revision, notes };
  };
  assert.equal(await load(exported), { revision: recorded.description.revision, notes: [] });
  await equivalent.save(join(exported, 'teacher'));
  const { revision, notes } = await load(exported);
  assert.is(revision, equivalent.description.revision);
  assert.match(notes.join('\n'), /^teacher: lsa .* stands for lsa .*: the smallest cosine .* 1\.000000$/);
  await different.save(join(exported, 'teacher'));
  const { code, message } = await errorOf(() => load(exported));
  assert.is(code, 'CHECKPOINT_TEACHER');
  assert.match(message, /smallest cosine .* less than 0\.999; .*--models/);

  // A checkpoint of before says nothing of vectors: what is there is taken, as ever, and that is said.
  await different.save(join(run, 'teacher'));
  assert.match((await load(run)).notes.join('\n'), 'no vectors were recorded');
  await recorded.save(join(run, 'teacher'));
});

test('no path of this machine reaches card or figures', async ({ folder, run }) => {
  const output = join(folder, 'given-away');
  await exportRun(run, output);
  for (const file of (await readdir(output)).filter((name) => /^(README|evaluation)/.test(name))) {
    const text = await readFile(join(output, file), 'utf8');
    assert.not.ok(text.includes(tmpdir()) || text.includes('secret'), `${file}: ${text}`);
  }
  const { checkpoint, dictionary } = JSON.parse(await readFile(join(output, 'evaluation.json'), 'utf8'));
  assert.equal([checkpoint.path, dictionary], ['run/checkpoints/7', 'corpus.zpkg']);
  assert.match(await readFile(join(output, 'README.md'), 'utf8'), '- Data: `texts-beir`.');
});

test('paths are cut wherever they stand, other texts are not', () => {
  const given = {
    a: ['/home/me/runs/one/checkpoints/20', 'C:\\Users\\me\\corpus.zpkg', '~/x.dict', 'file:///srv/a.json'],
    b: { c: '../shared/data', d: 'corpus', e: 'queries / documents', f: 3, g: null, h: true },
  };
  assert.equal(withoutMachinePaths(given), {
    a: ['one/checkpoints/20', 'corpus.zpkg', 'x.dict', 'a.json'],
    b: given.b,
  });
});

test.run();
