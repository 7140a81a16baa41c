/**
 * `npm test`: the test files, without the longest, in as many processes as the machine has cores (at most four), each file in one of them. `npm test -- PATTERN` runs those whose path below tests/ matches the
 * regular expression; `CEM_TEST_WORKERS` says how many processes. Ends with the sums of uvu's counts; a file that runs no test, or does not end, is a failure.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { runTests } from './run/run-tests.ts';

const MOST_WORKERS = 4;
/** The smoke set (`npm run smoke`) repeats in short what other files test. What takes longest ends in `.long.test.ts` and is for `npm run test:long`, which `.ci/run` runs as well. */
const ALL = '^(?!smoke/)(?!.*\\.long\\.test\\.ts$)';

const folder = fileURLToPath(new URL('.', import.meta.url));
const workers = Number(process.env['CEM_TEST_WORKERS']) || Math.min(availableParallelism(), MOST_WORKERS);
const pattern = new RegExp(process.argv[2] ?? ALL);
const start = performance.now();
const { files, total, passed, skipped, failures } = await runTests({
  folder,
  pattern,
  workers,
  write: (text) => process.stdout.write(text),
});
if (files === 0) failures.push(`no test file matches ${pattern}`);
const list = failures.map((failure) => `  FAIL  ${failure}\n`).join('');
process.stdout.write(
  `\n${list}\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  ${((performance.now() - start) / 1000).toFixed(1)} s, ${files} files, ${Math.min(workers, files)} at a time\n\n`,
);
process.exitCode = failures.length > 0 ? 1 : 0;
