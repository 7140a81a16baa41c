import { UsageError } from '../../base/index.ts';
import { registerCpuKernels } from '../kernels/tfjs/register-kernels.ts';
import { tf } from '../tf.ts';
import {
  BACKEND_NAMES,
  type BackendChoice,
  BackendError,
  type BackendName,
  type BackendRequest,
  type StartBackend,
} from './contract/backend.ts';
import { startTensorFlow } from './tensorflow.ts';
import { startWasm } from './wasm.ts';
import { startWebGpu } from './webgpu.ts';
import { startXla } from './xla/start-xla.ts';

/** tfjs's plain JavaScript backend: part of tfjs itself, works everywhere. */
const startCpu: StartBackend = async () => {
  await tf.setBackend('cpu');
  registerCpuKernels();
  return 'plain JavaScript';
};

const START: Readonly<Record<BackendName, StartBackend>> = {
  xla: startXla,
  tensorflow: startTensorFlow,
  webgpu: startWebGpu,
  wasm: startWasm,
  cpu: startCpu,
};

/** What to say to somebody who runs on a slower backend than the machine could have. */
const HINT = '`npm run native` makes a faster one work, `cem doctor` says what each lacks';

/** Checks a name that came from outside (flag, environment). Throws UsageError `BACKEND_UNKNOWN`. */
export function parseBackendRequest(name: string): BackendRequest {
  if (name === 'auto') return name;
  const known = BACKEND_NAMES.find((candidate) => candidate === name);
  if (known) return known;
  throw new UsageError(
    'BACKEND_UNKNOWN',
    `there is no backend ${JSON.stringify(name)}: say one of auto, ${BACKEND_NAMES.join(', ')}.`,
    { details: { name } },
  );
}

/**
 * Makes one backend the one that computes, for the whole process: the one asked for, or with `auto` the fastest that works. Prints nothing.
 * May be called again to change over; tensors do not move along on their own.
 *
 * Throws BackendError `BACKEND_UNAVAILABLE` when the one asked for does not work here.
 */
export async function selectBackend(request: BackendRequest): Promise<BackendChoice> {
  const passedOver: string[] = [];
  for (const name of request === 'auto' ? BACKEND_NAMES : [request]) {
    try {
      const detail = await START[name]({ asked: request !== 'auto' });
      const reason = request === 'auto' ? ['the fastest that works here', ...passedOver].join('; ') : 'asked for';
      return { name, tf, detail, reason, ...(name === 'wasm' || name === 'cpu' ? { hint: HINT } : {}) };
    } catch (error) {
      if (request !== 'auto' || !(error instanceof BackendError)) throw error;
      passedOver.push(`${name}: ${error.reason}`);
    }
  }
  throw new BackendError('cpu', passedOver.join('; '), 'Reinstall with `npm ci`.');
}

/** One short line for people: which backend, what it is, and how to get a faster one. Why it is this one stands in `reason`; `cem doctor` says it of each. */
export function describeBackend(choice: BackendChoice): string {
  return `backend: ${choice.name} (${choice.detail})${choice.hint ? `; ${choice.hint}` : ''}`;
}
