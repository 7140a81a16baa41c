import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/errors.ts';
import { selectBackend } from '../../../model/backend/index.ts';
import { checkStepChoice, explainDeviceError, isOnDevice } from '../../../training/device/choose-step.ts';
import { restoreBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('choosing a step');
test.before(async () => {
  await selectBackend('cpu');
});
test.after(async () => {
  await restoreBackend();
});

test('on a backend that does not compile tables are on the host unless the configuration wants them on the device', () => {
  assert.is(isOnDevice({}, 0, undefined), false);
  assert.is(isOnDevice({ tables: 'auto' }, 0, undefined), false);
  assert.is(isOnDevice({ tables: 'host' }, 0, undefined), false);
  assert.is(isOnDevice({ tables: 'device' }, 1e12, 1), true);
});

test('bf16 needs a backend that has it, threads need tables on the host', async () => {
  checkStepChoice({ tables: 'device', precision: 'float32' });
  assert.is((await errorOf(async () => checkStepChoice({ precision: 'bf16' }))).code, 'PRODUCT_PRECISION');
  const error = await errorOf(async () => checkStepChoice({ tables: 'device', workers: 2 }));
  assert.is(error.code, 'TRAINING_DEVICE_WORKERS');
});

test('a device without memory ends a run with what to do about it; other errors stay as they are', () => {
  const lost = new CemError('XLA_MEMORY', 'out of memory while allocating 5 GB', { details: { bytes: 5e9 } });
  const explained = explainDeviceError(lost) as CemError;
  assert.is(explained.code, 'TRAINING_DEVICE_MEMORY');
  assert.match(explained.message, 'training.tables=host');
  assert.match(explained.message, 'allocating 5 GB');
  assert.is(explained.cause, lost);
  const other = new CemError('XLA_COMPILE', 'something else');
  assert.is(explainDeviceError(other), other);
});

test('a device that fails in a step ends a run with what to do about it', () => {
  const failed = new CemError('XLA_EXECUTE', 'running a program failed: CUDA_ERROR_ECC_UNCORRECTABLE', {
    details: { pluginCode: '13' },
  });
  const explained = explainDeviceError(failed) as CemError;
  assert.is(explained.code, 'TRAINING_DEVICE_FAILED');
  assert.match(explained.message, 'CUDA_ERROR_ECC_UNCORRECTABLE');
  assert.match(explained.message, '--resume');
  assert.is(explained.cause, failed);
});

test.run();
