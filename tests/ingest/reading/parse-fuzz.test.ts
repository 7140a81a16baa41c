import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeParseCase } from '../../../scripts/fuzz/parse-cases.ts';
import { fuzzParser } from '../../../scripts/fuzz/parse-fuzz.ts';
import { PARSE_SAMPLES } from '../../../scripts/fuzz/parse-samples.ts';

const test = suite('mutated files in processes');

test('a case is the same every time, and most are not their sample', () => {
  const samples = PARSE_SAMPLES['epub']!;
  let changed = 0;
  for (let number = 0; number < 40; number++) {
    const { bytes } = makeParseCase(samples, 1, number);
    assert.equal(makeParseCase(samples, 1, number).bytes, bytes);
    if (Buffer.compare(bytes, samples[0]!.file.bytes) !== 0) changed += 1;
  }
  assert.ok(changed > 30);
});

for (const format of ['html', 'mail', 'epub'])
  test(`${format}: a document or an error of ours, and nothing over a limit brings the process down`, async () => {
    const { documents, errors, findings } = await fuzzParser({ format, seed: 1, first: 0, count: 40 });
    assert.equal(findings, []);
    assert.is(documents + Object.values(errors).reduce((sum, count) => sum + count, 0), 40);
    assert.ok(documents > 0);
  });

test.run();
