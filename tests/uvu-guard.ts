/**
 * Loaded before uvu (see the `test` script). uvu 0.5.6 loses two kinds of failures, and ends with exit code 0:
 * a hook that throws, and an error whose `details` is an object, as CemError's is, which its printer takes for a string.
 */

type SuiteResult = [errors: string | true, passed: number, skipped: number, total: number];
type SuiteRun = () => Promise<SuiteResult>;

/** Makes a suite fail whose tests did not all pass although uvu has no error to show. */
function guarded(run: SuiteRun): SuiteRun {
  return async () => {
    const result = await run();
    const [errors, passed, skipped, total] = result;
    if (errors !== true || passed >= total) return result;
    return [
      `  ${total - passed} of ${total} tests did not run to their end: a hook threw, or a test threw an error whose details uvu cannot print (catch it in the test to see it)`,
      passed,
      skipped,
      total,
    ];
  };
}

/** uvu's queue: one array a file, to which each suite of the file adds its run. */
class GuardedQueue extends Array<unknown[]> {
  override push(...files: unknown[][]): number {
    for (const file of files) {
      const add = file.push.bind(file);
      file.push = (...runs) => add(...runs.map((run) => guarded(run as SuiteRun)));
    }
    return super.push(...files);
  }
}

Object.assign(globalThis, { UVU_QUEUE: new GuardedQueue() });
