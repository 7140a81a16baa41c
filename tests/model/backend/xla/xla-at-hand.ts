import { BackendError, selectBackend, tf } from '../../../../model/backend/index.ts';
import type { XlaBackend } from '../../../../model/backend/xla/xla-backend.ts';

// The plugin for processors shows so many devices; a process starts it once, with what stands here then.
process.env['CEM_XLA_CPU_DEVICES'] ??= '2';

let answer: Promise<boolean> | undefined;

/**
 * Whether the backend xla works here: it needs a PJRT plugin and its addon (`npm run native -- --xla`). Where not, or where `CEM_TEST_XLA=later` says that another run has them, the reason is printed once, and
 * the tests are skipped by name.
 */
export function xlaAtHand(): Promise<boolean> {
  answer ??= tryXla().then((reason) => {
    if (reason !== undefined) console.log(`tests of the backend xla are skipped: ${reason}`);
    return reason === undefined;
  });
  return answer;
}

/** Gives why it does not work. */
async function tryXla(): Promise<string | undefined> {
  if (process.env['CEM_TEST_XLA'] === 'later') return 'CEM_TEST_XLA says that they run later';
  try {
    await selectBackend('xla');
    return undefined;
  } catch (error) {
    if (error instanceof BackendError) return error.reason;
    throw error;
  }
}

/** Whether xla works here and shows several devices; it is the current backend then. Where not, the reason is printed, and the tests are skipped by name. */
export async function severalDevicesAtHand(): Promise<boolean> {
  if (!(await xlaAtHand())) return false;
  await selectBackend('xla');
  const { devices } = (tf.backend() as unknown as XlaBackend).client;
  if (devices.length === 1) console.log('tests of several devices are skipped: there is one (CEM_XLA_CPU_DEVICES=2 shows two)');
  return devices.length > 1;
}
