import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../../base/index.ts';
import { groupsSettings } from '../../../recipes/ingest/unit-groups.ts';
import { assertForWorkers } from '../../../recipes/jobs/worker-abilities.ts';

const test = suite('collections that workers take files for');

const refused = (words: RegExp) => (error: unknown) =>
  error instanceof UsageError && error.code === 'JOBS_SETTINGS' && words.test(error.message);

test('neither vector groups nor stored pictures', () => {
  assert.throws(
    () => assertForWorkers('s3://b/c', { groups: groupsSettings.parse({}) }),
    refused(/c keeps vector groups, .* without --queue/),
  );
  assert.throws(() => assertForWorkers('s3://b/c', { figures: 'store' }), refused(/keeps pictures/));
  assert.not.throws(() => assertForWorkers('s3://b/c', { figures: 'reference' }));
  assert.not.throws(() => assertForWorkers('s3://b/c', {}));
});

test.run();
