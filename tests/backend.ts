import { type BackendChoice, describeBackend, parseBackendRequest, selectBackend, tf } from '../model/backend/index.ts';

let choice: Promise<BackendChoice> | undefined;

/**
 * The backend that `CEM_BACKEND` names (else the fastest), which is said once a process. A test that changes the backend calls this again
 * when it is done: all test files share one process.
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
