import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PjrtClient } from '../../../../../model/backend/xla/pjrt/index.ts';
import { cpuPlugin, sayThatSkipped } from './cpu-plugin.ts';

const test = suite('model/backend/xla/pjrt/devices');
const plugin = cpuPlugin();

/** Column sums of x, whose rows are divided between two devices, into the memory of w; and 2 x, which stays divided. */
const PROGRAM = `
module @column_sums attributes {mhlo.num_partitions = 2 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(
    %x: tensor<4x2xf32> {mhlo.sharding = "{devices=[2,1]<=[2]}"},
    %w: tensor<2xf32> {mhlo.sharding = "{replicated}", tf.aliasing_output = 0 : i32}
  ) -> (tensor<2xf32> {mhlo.sharding = "{replicated}"}, tensor<4x2xf32> {mhlo.sharding = "{devices=[2,1]<=[2]}"}) {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %0 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<4x2xf32>, tensor<f32>) -> tensor<2xf32>
    %1 = stablehlo.add %0, %w : tensor<2xf32>
    %2 = stablehlo.add %x, %x : tensor<4x2xf32>
    return %1, %2 : tensor<2xf32>, tensor<4x2xf32>
  }
}`;

if (plugin) {
  test('the processor can be shown as several devices, which divide one program and sum across each other', () => {
    const client = PjrtClient.open({ ...plugin, options: { cpu_device_count: 2 } });
    try {
      assert.is(client.devices.length, 2);
      const program = client.compile(PROGRAM, { partitions: 2 });
      assert.equal(program.outputs, [
        { type: 'f32', shape: [2] },
        { type: 'f32', shape: [2, 2] },
      ]);
      const rows = [Float32Array.of(1, 2, 3, 4), Float32Array.of(10, 20, 30, 40)];
      const inputs = rows.map((data, device) => [
        client.upload(data, 'f32', [2, 2], device),
        client.upload(Float32Array.of(100, 200), 'f32', [2], device),
      ]);
      const outputs = program.executeOnDevices(inputs);
      // 1 + 3 + 10 + 30 + 100 and 2 + 4 + 20 + 40 + 200, on both; each has twice its own rows.
      for (const [device, [sums, doubled]] of outputs.entries()) {
        assert.equal(sums!.read(), Float32Array.of(144, 266));
        assert.equal(
          doubled!.read(),
          rows[device]!.map((value) => 2 * value),
        );
        assert.equal(
          inputs[device]!.map((buffer) => buffer.isDisposed),
          [false, true],
        );
      }
    } finally {
      client.close();
    }
  });

  test('programs of one device run on the one that is named', () => {
    const client = PjrtClient.open({ ...plugin, options: { cpu_device_count: 3 } }, 2);
    try {
      assert.is(client.device.id, client.devices[2]!.id);
      const program = client.compile(
        'module @twice { func.func public @main(%x: tensor<f32>) -> tensor<f32> { %0 = stablehlo.add %x, %x : tensor<f32> return %0 : tensor<f32> } }',
      );
      const [twice] = program.execute([client.upload(Float32Array.of(21), 'f32', [])]);
      assert.equal(twice!.read(), Float32Array.of(42));
    } finally {
      client.close();
    }
  });
} else {
  test('skipped without a plugin', sayThatSkipped);
}

test.run();
