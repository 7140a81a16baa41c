import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CemError, FormatError, messageOf } from '../../base/index.ts';
import { type OnnxWeights, readOnnxWeights } from './onnx-weights.ts';
import { TensorFolder } from './tensor-folder.ts';

const configSchema = z.looseObject({
  model_type: z.literal('bert'),
  vocab_size: z.number(),
  hidden_size: z.number(),
  num_hidden_layers: z.number(),
  num_attention_heads: z.number(),
  intermediate_size: z.number(),
  max_position_embeddings: z.number(),
  hidden_act: z.literal('gelu').default('gelu'),
  layer_norm_eps: z.number().default(1e-12),
});

/** What `config.json` says of a BERT. */
export type BertConfig = z.infer<typeof configSchema>;

/** A weight as it lies in a file; matrices of layers are [outputs, inputs] there (PyTorch) unless `transposed`. */
export interface BertWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** [inputs, outputs], as exporters write the weights of products. */
  readonly transposed: boolean;
}

/** The weights of a BERT by their names below the model: `layer.0.attention.self.query.weight`, `embeddings.word_embeddings.weight`, `pooler.dense.bias`, `classifier.weight`. */
export interface BertFolder {
  readonly config: BertConfig;
  weight(name: string): Promise<BertWeight | undefined>;
  close(): Promise<void>;
}

/** What exporters and heads put before the names. */
const WRAPPERS = /^(?:(?:m|model|bert|encoder|0|auto_model)\.)+/;

/**
 * Opens a BERT that Hugging Face's transformers has written: `model.safetensors`, else `onnx/model.onnx` in float32, beside `config.json`.
 *
 * @throws CemError `IMPORT_MISSING`; FormatError `IMPORT_MALFORMED`, `IMPORT_NO_BERT`
 */
export async function openBertFolder(folder: string): Promise<BertFolder> {
  const config = await readConfig(folder);
  if (existsSync(join(folder, 'model.safetensors'))) return fromSafetensors(await TensorFolder.open(folder), config);
  return fromOnnx(await readOnnxWeights(join(folder, 'onnx', 'model.onnx')), config);
}

function fromSafetensors(source: TensorFolder, config: BertConfig): BertFolder {
  const names = new Map(source.names.map((name) => [name.replace(WRAPPERS, ''), name]));
  return {
    config,
    weight: async (name) => {
      const stored = names.get(name);
      if (stored === undefined) return undefined;
      const shape = source.shapeOf(stored)!;
      const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
      await source.read(stored, data);
      return { shape, data, transposed: false };
    },
    close: () => source.close(),
  };
}

function fromOnnx({ named, products }: OnnxWeights, config: BertConfig): BertFolder {
  const weights = new Map<string, BertWeight>();
  for (const [name, weight] of named) weights.set(name.replace(WRAPPERS, ''), { ...weight, transposed: false });
  for (const [node, weight] of products) {
    const path = node
      .replace(/^\//, '')
      .replace(/\/MatMul$/, '')
      .replaceAll('/', '.');
    weights.set(`${path.replace(WRAPPERS, '')}.weight`, { ...weight, transposed: true });
  }
  return { config, weight: async (name) => weights.get(name), close: async () => {} };
}

async function readConfig(folder: string): Promise<BertConfig> {
  const path = join(folder, 'config.json');
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new CemError('IMPORT_MISSING', `${path} cannot be read as JSON: ${messageOf(cause)}`, { details: { path }, cause });
  }
  const parsed = configSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new FormatError(
    'IMPORT_NO_BERT',
    `${path} describes no BERT that a cross-encoder can start from: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
    { details: { path }, cause: parsed.error },
  );
}
