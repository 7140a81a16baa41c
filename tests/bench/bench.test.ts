import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fifthOf, type MemorySample, stagesOf } from '../../bench/cases/measure-ingest.ts';
import { benchZpkg } from '../../bench/cases/measure-zpkg.ts';
import { type BenchReport, formatReport, median, passes, replaceSection } from '../../bench/measurement.ts';
import { english } from '../zpkg/frame-samples.ts';

const test = suite('benches');
const hasProgram = spawnSync('zstd', ['--version']).status === 0;
if (!hasProgram) console.log('left out: the zpkg bench, which measures against the zstd program');

test('medians', () => {
  assert.is(median([3]), 3);
  assert.is(median([10, 1, 3]), 3);
  assert.is(median([4, 1, 3, 10]), 3.5);
});

test('bars hold against the reference, or the value where there is none', () => {
  const reference = { name: 'other', value: 100 };
  assert.is(passes({ name: 'a', value: 80, unit: 'MB/s', reference, bar: { atLeast: 0.8 } }), true);
  assert.is(passes({ name: 'a', value: 79, unit: 'MB/s', reference, bar: { atLeast: 0.8 } }), false);
  assert.is(passes({ name: 'a', value: 103, unit: 'bytes', reference, bar: { atMost: 1.02 } }), false);
  assert.is(passes({ name: 'a', value: 501, unit: 'MB', bar: { atMost: 500 } }), false);
  assert.is(passes({ name: 'a', value: 501, unit: 'MB', reference }), undefined);
});

test('memory by fifths and by stage', () => {
  // Ten values: the fifths are of two each.
  assert.equal(
    [0, 1, 4].map((number) => fifthOf([1, 3, 5, 7, 0, 0, 0, 0, 9, 2], number)),
    [2, 6, 5.5],
  );
  assert.is(fifthOf([4], 4), 4, 'fewer than five: one of them');
  // A sample a second, of which half a second goes to processors; parsing takes one MiB more each time.
  const sample = (at: number): MemorySample => ({
    stage: at < 0 ? 'beginning' : at < 30 ? 'parsing' : 'packing',
    at,
    own: at < 30 ? 100 + at : 50,
    parsers: 0,
    processor: at / 2,
  });
  const [beginning, parsing, packing] = stagesOf(Array.from({ length: 70 }, (_, number) => sample(number - 30)));
  assert.is(beginning!.tellsGrowth, false, 'what is loaded comes once');
  // Samples 6 to 11 are the second fifth, 24 to 29 the last; the stage ends with the first sample of the next.
  assert.equal(parsing, { stage: 'parsing', seconds: 30, processor: 15, second: 108.5, last: 126.5, tellsGrowth: true });
  assert.equal(packing, { stage: 'packing', seconds: 9, processor: 4.5, second: 50, last: 50, tellsGrowth: false });
});

const report: BenchReport = {
  bench: 'one',
  date: '2026-01-02',
  machine: 'a machine',
  notes: ['measured on a text'],
  measurements: [
    { name: 'rate', value: 1234.4, unit: 'MB/s', reference: { name: 'other', value: 2000 }, bar: { atLeast: 0.8 } },
    { name: 'memory', value: 41.26, unit: 'MB' },
  ],
};

test('a report is a section, and replaces its predecessor in the file', () => {
  const section = formatReport(report);
  assert.match(section, /^## one\n/);
  assert.match(section, /\| rate \| 1,234 MB\/s \| 2,000 \(other\) \| 0\.617 \| >= 0\.8 \| \*\*no\*\* \|/);
  assert.match(section, /\| memory \| 41\.3 MB \| {2}\| {2}\| {2}\| {2}\|/);
  const first = replaceSection('# Benches\n\nWords.\n', 'one', section);
  const both = replaceSection(first, 'two', '## two\n\nolder\n');
  const changed = replaceSection(both, 'one', formatReport({ ...report, date: '2027-01-02' }));
  assert.is(changed, both.replace('2026-01-02', '2027-01-02'));
  const last = replaceSection(changed, 'two', '## two\n\nnewer\n');
  assert.ok(last.endsWith('## two\n\nnewer\n') && !last.includes('older'));
  assert.is(last.match(/^## /gm)!.length, 2);
});

(hasProgram ? test : test.skip)('the zpkg bench runs, on a small corpus', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cem-bench-test-'));
  try {
    const documents = Array.from({ length: 400 }, (_, number) => ({
      id: `d${number}`,
      title: '',
      text: Buffer.from(english(500, number)).toString(),
    }));
    const { measurements } = await benchZpkg({ documents, folder, rounds: 1, programSeconds: 0 });
    assert.is(measurements.length, 7);
    for (const { name, value, reference } of measurements) {
      assert.ok(Number.isFinite(value) && value > 0, name);
      assert.ok(reference !== undefined && Number.isFinite(reference.value) && reference.value > 0, name);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.run();
