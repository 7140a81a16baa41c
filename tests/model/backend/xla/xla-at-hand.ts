import { BackendError, selectBackend } from '../../../../model/backend/index.ts';

let answer: Promise<boolean> | undefined;

/** Whether the backend xla works here: it needs a PJRT plugin and its addon (`npm run native -- --xla`). Where not, the reason is printed once, and the tests are skipped by name. */
export function xlaAtHand(): Promise<boolean> {
  answer ??= selectBackend('xla').then(
    () => true,
    (error: unknown) => {
      if (!(error instanceof BackendError)) throw error;
      console.log(`tests of the backend xla are skipped: ${error.reason}`);
      return false;
    },
  );
  return answer;
}
