import { type BackendChoice, describeBackend, parseBackendRequest, selectBackend, tf } from '../model/backend/index.ts';

let choice: Promise<BackendChoice> | undefined;

/**
 * The backend that `CEM_BACKEND` names (else the fastest), which is said once a process. For suites whose claims are of each backend: `.ci/run` runs those that name this function on
 * `tensorflow` and `xla` too.
 */
export async function testBackend(): Promise<typeof tf> {
  choice ??= selectBackend(parseBackendRequest(process.env['CEM_BACKEND'] ?? 'auto')).then((chosen) => {
    console.log(describeBackend(chosen));
    return chosen;
  });
  const { name } = await choice;
  if (tf.getBackend() !== name) await tf.setBackend(name);
  return tf;
}

/** The same for suites that need a model, and whose claims are of something else: they run once. */
export function anyBackend(): Promise<typeof tf> {
  return testBackend();
}

/** For suites that choose their backends themselves, when they are done: all test files share one process. */
export function restoreBackend(): Promise<typeof tf> {
  return testBackend();
}
