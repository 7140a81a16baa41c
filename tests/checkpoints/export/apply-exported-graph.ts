// Run by export.test.ts in a process of its own: loads an exported graph with plain tf.loadLayersModel and prints what it gives for inputs read from a file.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { layersModelFiles } from '../../../checkpoints/export/index.ts';
import { parseBackendRequest, selectBackend, tf } from '../../../model/backend/index.ts';
import '../../../model/layers/register-layers.ts';
import type { GraphInputs } from './export.test.ts';

const [, , backend = '', how = '', folder = '', inputsPath = ''] = process.argv;
await selectBackend(parseBackendRequest(backend));
const { shape, symbols, lengths, kinds } = JSON.parse(await readFile(inputsPath, 'utf8')) as GraphInputs;
const graph = await tf.loadLayersModel(how === 'url' ? pathToFileURL(join(folder, 'model.json')).href : layersModelFiles(folder));
const [batch, length] = shape;
const vectors = graph.predict([
  tf.tensor3d(symbols, shape),
  tf.tensor2d(lengths, [batch, length]),
  tf.tensor2d(kinds, [batch, length], 'int32'),
]) as tf.Tensor;
process.stdout.write(JSON.stringify([...(await vectors.data())]));
