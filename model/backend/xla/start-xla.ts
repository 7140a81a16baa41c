import { tf } from '../../tf.ts';
import { BackendError, reasonOf, type StartBackend } from '../contract/backend.ts';
import { registerXlaKernels } from './kernels/register.ts';
import { findPjrtPlugin, PjrtClient } from './pjrt/index.ts';
import { XlaBackend } from './xla-backend.ts';

const NAME = 'xla';
const ADVICE =
  'Run `npm run native -- --xla`, which makes it work and says what it lacks, or choose another with --backend (CEM_BACKEND).';

/** What runs, in words, and whether `auto` may take it; kept for the next time that it is chosen. */
let started: { readonly detail: string; readonly accelerator: boolean } | undefined;

/**
 * XLA over a PJRT plugin. `auto` takes it for accelerators alone: on processors TensorFlow with our kernels is the faster of the two (docs/backends.md), and a
 * plugin for them is not loaded to find that out.
 */
export const startXla: StartBackend = async ({ asked }) => {
  if (started !== undefined) {
    if (!asked && !started.accelerator) throw processorsOnly();
    await tf.setBackend(NAME);
    return started.detail;
  }
  const plugin = findPjrtPlugin({ asked });
  if (!plugin) throw new BackendError(NAME, 'no PJRT plugin is installed', ADVICE);
  if (!asked && plugin.kind === 'cpu') throw processorsOnly();
  const client = PjrtClient.open(plugin);
  if (!asked && client.platform === 'cpu') {
    client.close();
    throw new BackendError(NAME, `${plugin.path} found no accelerator`, 'Ask for it with --backend xla.');
  }
  try {
    const backend = new XlaBackend(client);
    tf.registerBackend(NAME, () => backend);
    registerXlaKernels(NAME);
    if (!(await tf.setBackend(NAME))) throw new BackendError(NAME, 'tfjs could not start it', ADVICE);
  } catch (error) {
    client.close();
    throw error instanceof BackendError ? error : new BackendError(NAME, reasonOf(error), ADVICE, error);
  }
  // Its threads must be gone before the process takes its memory apart.
  process.once('exit', () => client.close());
  const detail = `${client.platform} ${client.device.kind}, plugin interface ${client.apiVersion}`;
  started = { detail, accelerator: client.platform !== 'cpu' };
  return detail;
};

function processorsOnly(): BackendError {
  return new BackendError(NAME, 'its plugin is one for processors, on which others are faster', 'Ask for it with --backend xla.');
}
