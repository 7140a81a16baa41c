import { CemError, isCemError, UsageError } from '../../base/index.ts';
import { setProductPrecision } from '../../model/backend/index.ts';
import { tf } from '../../model/index.ts';
import type { TextsConfig } from '../batches/config.ts';
import type { TrainingConfig } from '../options/config.ts';

/** What decides which step is taken. */
type StepChoice = Pick<TrainingConfig, 'tables' | 'precision' | 'workers'> &
  Partial<Pick<TrainingConfig, 'devices' | keyof TextsConfig>>;

/** Share of the device's memory that state may take, so that activations, gradients and a program's own memory find room beside it. */
const LARGEST_STATE_SHARE = 0.5;

/** Whether the current backend makes programs of functions: there each combination of shapes is compiled, and whole steps are worth being one program. */
export function compilesFunctions(): boolean {
  return 'compileFunction' in tf.backend();
}

/**
 * @throws UsageError `PRODUCT_PRECISION` when the backend has not the precision that is asked for, `TRAINING_DEVICE_WORKERS` when gradient threads are asked for beside tables on the device,
 * `TRAINING_DEVICES` when several devices are asked for and a step cannot be divided between so many
 */
export function checkStepChoice(choice: StepChoice): void {
  const { tables, precision = 'float32', workers = 1 } = choice;
  setProductPrecision(precision);
  setProductPrecision('float32');
  checkDevices(choice);
  if (tables !== 'device' || workers === 1) return;
  throw new UsageError(
    'TRAINING_DEVICE_WORKERS',
    `training.tables is device, and training.workers is ${workers}: threads compute gradients for tables on the host; leave one of them out`,
    { details: { workers } },
  );
}

function checkDevices(choice: StepChoice): void {
  const { devices = 1, tables, workers = 1 } = choice;
  if (devices === 1) return;
  const refuse = (reason: string): never => {
    throw new UsageError('TRAINING_DEVICES', `training.devices is ${devices}: ${reason}`, { details: { devices } });
  };
  if (!compilesFunctions()) refuse(`several devices need the backend xla, but ${tf.getBackend()} computes: choose --backend xla`);
  if (tables === 'host' || workers > 1)
    refuse('it needs tables on the device and no gradient threads: leave out training.tables and training.workers');
  const there = deviceClient()?.devices.length ?? 1;
  if (there < devices) refuse(`the plugin shows ${there}; one for processors shows as many as CEM_XLA_CPU_DEVICES says`);
  for (const [name, batchSize] of batchSizes(choice))
    if (batchSize % devices !== 0) refuse(`${name} has batches of ${batchSize} texts, which is no multiple of it`);
}

/** Texts in a batch of each granularity that is there. */
function batchSizes({ passages, sentences, titles, words, spans, lists }: StepChoice): [name: string, batchSize: number][] {
  const own = Object.entries({ passages, sentences, titles, words, spans });
  const listed = (lists ?? []).map((list) => [list.name, list] as const);
  return [...own, ...listed].flatMap(([name, part]) => (part ? [[`training.${name}`, part.batchSize] as [string, number]] : []));
}

/**
 * Whether the state of the steps lies on the device (`DeviceTrainingStep`) or its tables on the host (`TrainingStep`).
 *
 * @param state bytes of weights, tables and what optimiser and averages keep of them
 * @param memory bytes that the device has; undefined: not known
 */
export function isOnDevice(
  { tables = 'auto', workers = 1, devices = 1 }: StepChoice,
  state: number,
  memory: number | undefined,
): boolean {
  if (tables !== 'auto') return tables === 'device';
  // Whether it has room is seen when it is tried: there is no other way to take such a step.
  if (devices > 1) return true;
  return compilesFunctions() && workers === 1 && (memory === undefined || state <= LARGEST_STATE_SHARE * memory);
}

/** What a backend over a device has to say of it. */
interface DeviceClient {
  readonly platform: string;
  readonly devices: readonly unknown[];
  memory(): { readonly used: number; readonly limit?: number } | undefined;
}

function deviceClient(): DeviceClient | undefined {
  return (tf.backend() as { readonly client?: DeviceClient }).client;
}

/** Bytes of the device's memory; undefined where the backend does not say. */
export function deviceMemoryLimit(): number | undefined {
  return deviceClient()?.memory()?.limit;
}

/** Bytes of the device's memory that are in use; undefined where the backend does not say. */
export function deviceMemoryUsed(): number | undefined {
  return deviceClient()?.memory()?.used;
}

/** Whether tensors lie in memory other than that of the process. */
export function deviceHasOwnMemory(): boolean {
  const platform = deviceClient()?.platform;
  return platform !== undefined && !/^(cpu|host)$/i.test(platform);
}

/** How a program that the device has taken fails, and what copies to it and back: the device, or its driver, is not what it was. */
const LOST = ['XLA_EXECUTE', 'XLA_UPLOAD'];

/** Says what to do when the device has no memory left, or fails in the midst of the steps; any other error as it is. */
export function explainDeviceError(error: unknown): unknown {
  if (isCemError(error) && LOST.includes(error.code)) {
    return new CemError(
      'TRAINING_DEVICE_FAILED',
      `the device failed in a step (${error.message}); the newest checkpoint is untouched: --resume goes on from it, once the device works again (\`cem doctor\` says whether it does), or with another --backend`,
      { details: { ...error.details }, cause: error },
    );
  }
  if (!isCemError(error, 'XLA_MEMORY')) return error;
  return new CemError(
    'TRAINING_DEVICE_MEMORY',
    `the device has no memory left for a step (${error.message}); the newest checkpoint is untouched: --resume goes on from it with another --backend or a larger device, or another run takes its weights (training.warmStart) with training.gradientCaching, training.recompute, smaller batches or training.tables=host`,
    { details: { ...error.details }, cause: error },
  );
}
