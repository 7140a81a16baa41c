import { BackendError, selectBackend, tf } from '../../../../model/backend/index.ts';
import type { XlaBackend } from '../../../../model/backend/xla/xla-backend.ts';

// The plugin for processors shows so many devices; a process starts it once, with what stands here then.
process.env['CEM_XLA_CPU_DEVICES'] ??= '2';

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

/** Whether xla works here and shows several devices; it is the current backend then. Where not, the reason is printed, and the tests are skipped by name. */
export async function severalDevicesAtHand(): Promise<boolean> {
  if (!(await xlaAtHand())) return false;
  await selectBackend('xla');
  const { devices } = (tf.backend() as unknown as XlaBackend).client;
  if (devices.length === 1) console.log('tests of several devices are skipped: there is one (CEM_XLA_CPU_DEVICES=2 shows two)');
  return devices.length > 1;
}
