import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../model/backend/index.ts';
import { poolings } from '../../model/config.ts';
import { graphInputs } from '../../model/graph.ts';
import '../../model/layers/register-layers.ts';
import { testBackend } from '../backend.ts';
import { encodeAll, patchings } from './graph-variants.ts';
import { readmePassages } from './real-texts.ts';
import { tinyConfig, tinyModel } from './tiny-model.ts';

const test = suite('graph round trip');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 12;

Object.values(patchings).forEach((changes, index) => {
  const pooling = poolings[index % poolings.length]!;
  test(`a saved graph loads with plain tf.loadLayersModel and gives the same: ${changes.patching?.kind ?? 'static'}, ${pooling}`, async () => {
    const model = tinyModel(tinyConfig({ ...changes, pooling }), DIMENSION);
    const batch = model.batch(encodeAll(model, readmePassages(3, 90)));
    let saved: tf.io.ModelArtifacts | undefined;
    await model.graph.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved!));
    assert.equal(loaded.inputNames, model.graph.inputNames);
    const [before, after] = tf.tidy(() => {
      const symbols = tf.tensor3d(model.tables.embed(batch), [batch.size, batch.symbols, model.config.local.dimension]);
      return [model.apply(symbols, batch), loaded.apply(graphInputs(symbols, batch)) as tf.Tensor2D] as const;
    });
    assert.equal(await after.data(), await before.data());
    tf.dispose([before, after]);
    loaded.dispose();
    model.dispose();
  });
});

test.run();
