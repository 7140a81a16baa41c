import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { makeMetadataCase, repairMetadataChecksums } from '../../../scripts/fuzz/metadata-cases.ts';
import { makeMetadataSamples } from '../../../scripts/fuzz/metadata-samples.ts';
import { runFuzz } from '../../../scripts/fuzz/supervise.ts';

const test = suite('fuzzing metadata');
const program = fileURLToPath(new URL('../../../scripts/fuzz/run-metadata-cases.ts', import.meta.url));

test('6,000 changed files: right values or an error of ours', async () => {
  const { findings, counts } = await runFuzz({ seed: 2, count: 6000, program });
  assert.equal(findings, []);
  assert.is(counts.refused + counts.accepted, 6000);
  // Some changes behind right checksums make another file that is as good: else the columns would not be reached.
  assert.ok(counts.accepted > 100, JSON.stringify(counts));
});

test('a seed and a number give the same input again, and checksums of an unchanged file are repaired to what they are', () => {
  const samples = makeMetadataSamples();
  const again = makeMetadataSamples();
  for (let number = 0; number < 100; number++)
    assert.equal(makeMetadataCase(samples, 5, number).bytes, makeMetadataCase(again, 5, number).bytes);
  for (const { bytes } of samples) {
    const broken = Buffer.from(bytes);
    broken.fill(0xee, 32, 40);
    assert.equal(repairMetadataChecksums(broken), Buffer.from(bytes));
  }
});

test.run();
