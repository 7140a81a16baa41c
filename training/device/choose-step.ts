import { CemError, isCemError, UsageError } from '../../base/index.ts';
import { setProductPrecision } from '../../model/backend/index.ts';
import { tf } from '../../model/index.ts';
import type { TrainingConfig } from '../options/config.ts';

/** What decides which step is taken. */
type StepChoice = Pick<TrainingConfig, 'tables' | 'precision' | 'workers'>;

/** Share of the device's memory that state may take, so that activations, gradients and a program's own memory find room beside it. */
const LARGEST_STATE_SHARE = 0.5;

/** Whether the current backend makes programs of functions: there each combination of shapes is compiled, and whole steps are worth being one program. */
export function compilesFunctions(): boolean {
  return 'compileFunction' in tf.backend();
}

/**
 * @throws UsageError `PRODUCT_PRECISION` when the backend has not the precision that is asked for, `TRAINING_DEVICE_WORKERS` when gradient threads are asked for beside tables on the device
 */
export function checkStepChoice({ tables, precision = 'float32', workers = 1 }: StepChoice): void {
  setProductPrecision(precision);
  setProductPrecision('float32');
  if (tables !== 'device' || workers === 1) return;
  throw new UsageError(
    'TRAINING_DEVICE_WORKERS',
    `training.tables is device, and training.workers is ${workers}: threads compute gradients for tables on the host; leave one of them out`,
    { details: { workers } },
  );
}

/**
 * Whether the state of the steps lies on the device (`DeviceTrainingStep`) or its tables on the host (`TrainingStep`).
 *
 * @param state bytes of weights, tables and what optimiser and averages keep of them
 * @param memory bytes that the device has; undefined: not known
 */
export function isOnDevice({ tables = 'auto', workers = 1 }: StepChoice, state: number, memory: number | undefined): boolean {
  if (tables !== 'auto') return tables === 'device';
  return compilesFunctions() && workers === 1 && (memory === undefined || state <= LARGEST_STATE_SHARE * memory);
}

/** What a backend over a device has to say of it. */
interface DeviceClient {
  readonly platform: string;
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
