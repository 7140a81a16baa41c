import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { knownTextOf, writeKnownText } from '../../../checkpoints/index.ts';
import { agreementOf, checkCorpus } from '../../../recipes/check-corpus/check-corpus.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { writtenDocuments } from '../adapt/written-documents.ts';
import { saveIngestStudent } from '../ingest/student.ts';

const test = suite('check corpus');

test('what a checkpoint was trained on is held against the sample, and its vectors against the teacher’s', () =>
  withTemporaryFolder(async (folder) => {
    const checkpoint = join(folder, 'run');
    await saveIngestStudent(checkpoint);
    const documents = writtenDocuments(30);
    const unrecorded = await checkCorpus({ corpus: documents, checkpoint, sample: 20, compared: 0 });
    assert.equal([unrecorded.documents, unrecorded.known, unrecorded.agreement], [{ corpus: 30, sampled: 20 }, null, null]);
    // Of all words of the texts only the last one, `buoy` with its document's number, is not known of other documents.
    const half = documents.map(({ text }) => text.replaceAll(/Buoy\d+/g, 'Buoy'));
    await writeKnownText(join(checkpoint, 'known-text.bin'), knownTextOf(half));
    const check = await checkCorpus({ corpus: documents, checkpoint, compared: 10 });
    assert.is(check.language.language, 'en');
    assert.equal(check.checkpointLanguages, [{ language: 'en', share: 1 }]);
    const words = documents.flatMap(({ text }) => text.toLowerCase().match(/\w+/g)!);
    assert.ok(Math.abs(check.known!.words.byOccurrence - (words.length - 30) / words.length) < 1e-9);
    assert.ok(check.known!.unknown.every((word) => word.startsWith('buoy')));
    assert.is(check.agreement!.passages, 10);
    assert.ok(check.saving > 0 && check.saving < 1);
    assert.is((await errorOf(() => checkCorpus({ corpus: [], checkpoint }))).code, 'CORPUS_NO_TEXT');
  }));

test('agreement is counted by plain means', () => {
  // Students: the first is its teacher's, the second half way between both teachers, and so nearest to the first of equals.
  const students = Float32Array.from([1, 0, Math.SQRT1_2, Math.SQRT1_2]);
  const teachers = Float32Array.from([1, 0, 0, 1]);
  const { passages, cosine, chance, nearest } = agreementOf(students, teachers, 2);
  assert.is(passages, 2);
  assert.ok(Math.abs(cosine - (1 + Math.SQRT1_2) / 2) < 1e-6);
  assert.ok(Math.abs(chance - (0 + Math.SQRT1_2) / 2) < 1e-6);
  assert.is(nearest, 0.5);
});

test.run();
