import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileFunction, selectBackend, setProductPrecision, tf } from '../../../model/backend/index.ts';

const test = suite('model/backend/compile-function');

test('elsewhere than on xla a function is called, what it makes on the way is gone, and donated inputs too', async () => {
  await selectBackend('cpu');
  const before = tf.memory().numTensors;
  const doubled = compileFunction('doubled', ([x, y]) => [tf.add(tf.mul(x!, 2), y!), y!], { donated: [0] });
  const [x, y] = [tf.tensor1d([1, 2]), tf.tensor1d([10, 20])];
  const [sum, same] = doubled.run([x, y]);
  assert.ok(x.isDisposed && !y.isDisposed);
  assert.equal([...sum!.dataSync()], [12, 24]);
  assert.ok(same !== y, 'an input that is given back is a tensor of its own');
  assert.is(tf.memory().numTensors, before + 3);
  assert.is(doubled.compilations, 0);
  tf.dispose([y, sum!, same!]);
  assert.throws(() => setProductPrecision('bf16'), /PRODUCT_PRECISION|--backend xla/);
  setProductPrecision('float32');
});

test.run();
