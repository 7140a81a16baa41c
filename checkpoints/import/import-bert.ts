import { FormatError } from '../../base/index.ts';
import type { CrossEncoderModel, CrossEncoderModelConfig } from '../../model/cross-encoder/index.ts';
import { namedWeights, tf } from '../../model/index.ts';
import { transposed } from '../../model/parity/index.ts';
import { type BertConfig, type BertFolder, type BertWeight, openBertFolder } from './bert-folder.ts';

/** What became of a cross-encoder's weights, by their names in checkpoints. */
export interface BertImport {
  readonly loaded: readonly string[];
  /** Those that the source does not have, such as the head of an encoder of vectors: they keep the values that they had. */
  readonly notLoaded: readonly string[];
}

/**
 * Writes the weights of a BERT into a cross-encoder of its shape, or into one with fewer blocks, which takes the first ones, or fewer positions.
 *
 * @param folder as Hugging Face's transformers writes it: `config.json`, and `model.safetensors` or `onnx/model.onnx`
 * @throws as `openBertFolder`; FormatError `IMPORT_SHAPE` where the shapes do not go together
 */
export async function importBert(model: CrossEncoderModel, folder: string): Promise<BertImport> {
  const source = await openBertFolder(folder);
  try {
    checkShape(model.config, source.config, folder);
    const [loaded, notLoaded]: [string[], string[]] = [[], []];
    for (const weight of namedWeights(model.graph)) {
      const values = await valuesOf(source, weight.name, weight.shape, folder);
      if (values === undefined) {
        if (!weight.name.startsWith('head/')) throw differs(folder, `has no weight for ${weight.name}`);
        notLoaded.push(weight.name);
        continue;
      }
      const tensor = tf.tensor(values, [...weight.shape]);
      weight.write(tensor);
      tensor.dispose();
      loaded.push(weight.name);
    }
    return { loaded, notLoaded };
  } finally {
    await source.close();
  }
}

/** @returns undefined where the source has no such weight */
async function valuesOf(
  bert: BertFolder,
  name: string,
  shape: readonly number[],
  folder: string,
): Promise<Float32Array | undefined> {
  const parts: Float32Array[] = [];
  const names = bertNames(name);
  if (names.length === 0) return undefined;
  for (const stored of names) {
    const found = await bert.weight(stored);
    if (found === undefined) return undefined;
    const isTable = name.endsWith('/table');
    parts.push(shape.length === 2 && !isTable ? inputsFirst(found) : found.data);
  }
  const values = parts.length === 1 ? parts[0]! : Float32Array.from(parts.flatMap((part) => [...part]));
  const size = shape.reduce((product, length) => product * length, 1);
  // Of places a shorter model has the first ones.
  if (values.length === size || (name === 'embeddings/places/table' && values.length > size)) return values.subarray(0, size);
  throw differs(folder, `has ${values.length} numbers for ${name}, where ${size} belong`);
}

/** The names that a weight has in BERT, several where ours is made of them one behind the other. */
function bertNames(name: string): string[] {
  const [, block, rest] = /^blocks\/(\d+)\/(.+)$/.exec(name) ?? [];
  if (block === undefined) return OUTER_NAMES[name] ?? [];
  return (BLOCK_NAMES[rest!] ?? []).map((part) => `layer.${block}.${part}`);
}

const OUTER_NAMES: Readonly<Record<string, string[]>> = {
  'embeddings/tokens/table': ['embeddings.word_embeddings.weight'],
  'embeddings/places/table': ['embeddings.position_embeddings.weight'],
  'embeddings/types/table': ['embeddings.token_type_embeddings.weight'],
  'embeddings/norm': ['embeddings.LayerNorm.weight'],
  'embeddings/norm-bias': ['embeddings.LayerNorm.bias'],
  'head/pooler': ['pooler.dense.weight'],
  'head/pooler-bias': ['pooler.dense.bias'],
  'head/classifier': ['classifier.weight'],
  'head/classifier-bias': ['classifier.bias'],
};

const BLOCK_NAMES: Readonly<Record<string, string[]>> = {
  'attention/query': ['attention.self.query.weight'],
  'attention/key': ['attention.self.key.weight'],
  'attention/value': ['attention.self.value.weight'],
  'attention/biases': ['attention.self.query.bias', 'attention.self.key.bias', 'attention.self.value.bias'],
  'attention/output': ['attention.output.dense.weight'],
  'attention/output-bias': ['attention.output.dense.bias'],
  'attention/norm': ['attention.output.LayerNorm.weight'],
  'attention/norm-bias': ['attention.output.LayerNorm.bias'],
  'feed-forward/up': ['intermediate.dense.weight'],
  'feed-forward/up-bias': ['intermediate.dense.bias'],
  'feed-forward/down': ['output.dense.weight'],
  'feed-forward/down-bias': ['output.dense.bias'],
  'feed-forward/norm': ['output.LayerNorm.weight'],
  'feed-forward/norm-bias': ['output.LayerNorm.bias'],
};

function inputsFirst({ shape, data, transposed: done }: BertWeight): Float32Array {
  return done ? data : transposed(data, shape[0]!, shape[1]!);
}

function checkShape(model: CrossEncoderModelConfig, bert: BertConfig, folder: string): void {
  const pairs: [string, number, number, boolean][] = [
    ['model.vocabulary', model.vocabulary, bert.vocab_size, false],
    ['model.dimension', model.dimension, bert.hidden_size, false],
    ['model.heads', model.heads, bert.num_attention_heads, false],
    ['model.feedForward', model.feedForward, bert.intermediate_size, false],
    ['model.layers', model.layers, bert.num_hidden_layers, true],
    ['model.positions', model.positions, bert.max_position_embeddings, true],
    ['model.epsilon', model.epsilon, bert.layer_norm_eps, false],
  ];
  for (const [key, ours, theirs, mayBeLess] of pairs) {
    if (ours === theirs || (mayBeLess && ours < theirs)) continue;
    throw differs(folder, `has ${theirs} where ${key} is ${ours}; set ${key} to ${mayBeLess ? `${theirs} or less` : theirs}`);
  }
}

function differs(folder: string, what: string): FormatError {
  return new FormatError('IMPORT_SHAPE', `the model in ${folder} ${what}`, { details: { folder } });
}
