import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evalCommand } from '../../cli/commands/eval.ts';
import { reportCommand } from '../../cli/commands/report.ts';
import type { EncoderEvaluation } from '../../eval/index.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';
import { saveUntrainedStudent } from '../fixtures/untrained-student.ts';
import { runCommand } from './run-command.ts';
import { type SmallRun, TOPICS, withSmallRun } from './small-run.ts';

const test = suite('cem eval over passages and in windows');

/** Documents of the small run, a short one and a long one a topic, and the values of a vector. */
const DOCUMENTS = 12;
const DIMENSION = 4;

const evaluate = ({ run, data }: SmallRun, ...words: string[]): Promise<string> =>
  runCommand(evalCommand, ['eval', '--checkpoint', run, '--data', data, ...words]);
const evaluateJson = async (paths: SmallRun, ...words: string[]): Promise<EncoderEvaluation> =>
  JSON.parse(await evaluate(paths, ...words, '--json'));

test('student and teacher are ranked by the same passages, which the conditions say; nothing of it without', () =>
  withSmallRun(async (paths) => {
    const { conditions, passages, counts, bytes, system } = await evaluateJson(
      paths,
      '--passage-size',
      '128',
      '--passage-overlap',
      '16',
    );
    assert.ok(passages && passages.passages > 2 * counts.chunks, 'long documents have chunks of several passages');
    assert.equal(
      [passages.passage_bytes, passages.overlap_bytes, passages.window_documents, passages.document_score],
      [128, 16, null, 'best passage'],
    );
    for (const row of ['teacher', 'student']) {
      assert.equal(conditions[row]!.passages, passages, row);
      assert.is(bytes.vectors[row], 4 * DIMENSION * passages.passages, row);
    }
    assert.equal([conditions['bm25']!.passages, conditions['random']!.passages], [null, null]);
    const coverage = conditions['student']!.coverage!;
    assert.equal([coverage.chunks, coverage.passages, coverage.passages_cut], [counts.chunks, passages.passages, 0]);
    assert.is(conditions['teacher']!.coverage, null);
    assert.is(system!.rows, passages.passages);
    assert.ok(system!.parts.passages > 0);
    assert.is(system!.parts.passages + system!.parts.metadata, bytes.metadata);

    const whole = await evaluateJson(paths);
    assert.equal([whole.passages, whole.conditions['student']!.passages, whole.system!.parts.passages], [null, null, 0]);
    assert.is(whole.bytes.vectors['teacher'], 4 * DIMENSION * DOCUMENTS);
    const text = await evaluate(paths, '--passage-size', '128', '--passage-overlap', '16');
    assert.match(
      text,
      `passages   ${passages.passages} of about 128 bytes, overlapping by 16 at most; a document's score: best passage`,
    );
    assert.not.match(text, /^unread/m);

    const mean = await evaluateJson(paths, '--passage-size', '128', '--scoring', 'mean', '--best', '3');
    assert.is(mean.conditions['student']!.passages!.document_score, 'mean of the best 3 passages');
  }));

test('a checkpoint whose corpus had passages is measured by passages, unless none are asked for', () =>
  withSmallRun(async (paths) => {
    const run = join(paths.folder, 'with-passages');
    const pack = { level: 3, targetChunkSize: 256, dictionarySize: 0, passageSize: 200 };
    // Words of two topics in each, so that some are in half of the texts.
    const texts = TOPICS.map((topic, index) => `${topic}, ${TOPICS[(index + 1) % TOPICS.length]}`);
    await saveUntrainedStudent(run, { texts, dimension: 2, pack });
    const own = { ...paths, run };
    const words = ['--dictionary', 'none'];
    assert.is((await evaluateJson(own, ...words)).passages?.passage_bytes, 200);
    assert.is((await evaluateJson(own, ...words, '--passage-size', '0')).passages, null);
    assert.is((await evaluateJson(own, ...words, '--window-documents', '2')).passages?.passage_bytes, null);
  }));

test('windows: each document is read from inside a frame of neighbours', () =>
  withSmallRun(async (paths) => {
    const { conditions, counts, bytes, passages, saving } = await evaluateJson(paths, '--window-documents', '5');
    assert.equal([counts.documents, counts.chunks], [DOCUMENTS, 3]);
    assert.equal([passages?.window_documents, passages?.passages], [5, DOCUMENTS]);
    assert.is(bytes.vectors['student'], 4 * DIMENSION * DOCUMENTS);
    assert.match(conditions['student']!.codec!, 'frames of 5 neighbouring documents');
    assert.equal([conditions['teacher']!.passages, conditions['student']!.coverage!.passages], [null, DOCUMENTS]);
    const alone = await evaluateJson(paths);
    assert.ok(saving > alone.saving, 'what neighbours say is not said again');
    assert.is(conditions['teacher']!.corpus_hash, alone.conditions['teacher']!.corpus_hash);
    assert.equal(
      await evaluateJson(paths, '--window-documents', '5').then(({ encoders }) => encoders['teacher']),
      alone.encoders['teacher'],
    );
    for (const [words, code] of [
      [['--window-documents', '0'], 'EVAL_WINDOW'],
      [['--window-documents', '3', '--passage-size', '128'], 'EVAL_WINDOW'],
      [['--passage-size', '3'], 'PACK_OPTION'],
    ] as const)
      assert.is((await errorOf(() => evaluate(paths, ...words))).code, code);
  }));

test('a folder keeps the vectors of passages, goes on with them, is of one packing, and is reported', () =>
  withSmallRun(async (paths) => {
    const output = join(paths.folder, 'evaluation');
    const words = ['--passage-size', '128', '--output', output];
    const first = await evaluateJson(paths, ...words);
    const again = await evaluateJson(paths, ...words);
    assert.equal(again.encoders, first.encoders);
    assert.equal(again.timings.document_seconds['student'], first.timings.document_seconds['student'], 'not encoded again');
    assert.equal(again.conditions, first.conditions, 'what was read is counted all the same');
    for (const other of [
      ['--passage-size', '200'],
      ['--passage-size', '128', '--passage-overlap', '8'],
      ['--window-documents', '2'],
      [],
    ])
      assert.is((await errorOf(() => evaluate(paths, ...other, '--output', output))).code, 'EVAL_FOLDER_OTHER');
    const { files } = JSON.parse(await runCommand(reportCommand, ['report', output, '--json']));
    const page = await readFile(files.page, 'utf8');
    assert.match(page, `best passage</span> of <data value="${first.passages!.passages}">`);
    assert.match(await readFile(files.markdown, 'utf8'), `${first.passages!.passages} of about 128 bytes`);
  }));

test.run();
