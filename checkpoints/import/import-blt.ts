import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../../base/index.ts';
import type { CemModel } from '../../model/index.ts';
import { namedWeights, tf } from '../../model/index.ts';
import { BLT_BYTE_TABLE, BLT_CAUSAL_PREFIX, BLT_NGRAM_TABLES, bltWeights, transposed } from '../../model/parity/index.ts';
import { tableNames } from '../store/checkpoint.ts';
import { TensorFolder } from './tensor-folder.ts';

const CONFIG_FILE = 'config.json';

/** What transformers' BltConfig says of the n-gram tables; its defaults are those of BLT-1B. */
const tablesSchema = z.looseObject({
  encoder_hash_byte_group_size: z.array(z.number().int().positive()).default([3, 4, 5, 6, 7, 8]),
  encoder_hash_byte_group_vocab: z.number().int().positive().default(500_002),
  encoder_hash_byte_group_nb_functions: z.number().int().positive().default(1),
});
type SourceTables = z.infer<typeof tablesSchema>;

/** A weight that stands in both, in different shapes. */
export interface ShapeMismatch {
  readonly name: string;
  readonly source: string;
  readonly expected: readonly number[];
  readonly found: readonly number[];
}

/** What became of every weight; names of the encoder's are those of checkpoints, tables are `tables/bytes`, `tables/ngram-3`, … */
export interface ImportReport {
  readonly loaded: readonly string[];
  /** Weights of the encoder that BLT does not have: they keep the values that they had. */
  readonly notLoaded: readonly string[];
  readonly mismatched: readonly ShapeMismatch[];
  /** Tensors of BLT that the encoder has no use for, such as its decoder. */
  readonly unused: readonly string[];
}

/**
 * Warm start: writes the weights of a BLT checkpoint into an encoder's local blocks, cross attention, global blocks and tables, wherever both have the weight in the same shape.
 * Blocks are matched by number from the first on. A table is taken where BLT has it for the same hash function and n-gram size, with as many rows: with other
 * rows its hash ids would be others.
 *
 * @param folder a checkpoint in transformers' form (BltModel or BltForCausalLM): safetensors, in one file or sharded, F32, F16 or BF16, and `config.json`
 * @throws CemError `IMPORT_MISSING`; FormatError `IMPORT_MALFORMED`, `SAFETENSORS_MALFORMED`, `IMPORT_NO_BLT` when nothing in it is named as in BLT
 */
export async function importBlt(model: CemModel, folder: string): Promise<ImportReport> {
  const source = await TensorFolder.open(folder);
  try {
    const prefix = source.shapeOf(BLT_BYTE_TABLE) ? '' : BLT_CAUSAL_PREFIX;
    if (!source.shapeOf(prefix + BLT_BYTE_TABLE)) {
      throw new FormatError(
        'IMPORT_NO_BLT',
        `${folder} has no tensor "${BLT_BYTE_TABLE}", with or without "${BLT_CAUSAL_PREFIX}" before it; it is not a BLT checkpoint in transformers' form`,
        { details: { folder } },
      );
    }
    const report = { loaded: [] as string[], notLoaded: [] as string[], mismatched: [] as ShapeMismatch[] };
    const taken = new Set<string>();
    /** Whether the tensor is there in the shape that is wanted; keeps the report otherwise. */
    const fits = (name: string, tensor: string, expected: readonly number[]): boolean => {
      const found = source.shapeOf(tensor);
      taken.add(tensor);
      if (found && found.length === expected.length && found.every((size, axis) => size === expected[axis])) {
        report.loaded.push(name);
        return true;
      }
      if (found) report.mismatched.push({ name, source: tensor, expected, found });
      else report.notLoaded.push(name);
      return false;
    };

    const { local, global } = model.config;
    const names = new Map(bltWeights(local.layers, global.layers).map((weight) => [weight.graph, weight]));
    for (const weight of namedWeights(model.graph)) {
      const { name, shape } = weight;
      const known = names.get(name);
      if (!known) {
        report.notLoaded.push(name);
        continue;
      }
      const stored = known.transposed ? shape.toReversed() : shape;
      if (!fits(name, prefix + known.blt, stored)) continue;
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      await source.read(prefix + known.blt, values);
      const tensor = tf.tensor(known.transposed ? transposed(values, stored[0]!, stored[1]!) : values, [...shape]);
      weight.write(tensor);
      tensor.dispose();
    }
    await importTables(model, source, prefix, await readSourceTables(folder), fits, report.notLoaded);
    return { ...report, unused: source.names.filter((name) => !taken.has(name)) };
  } finally {
    await source.close();
  }
}

async function importTables(
  model: CemModel,
  source: TensorFolder,
  prefix: string,
  blt: SourceTables,
  fits: (name: string, tensor: string, expected: readonly number[]) => boolean,
  notLoaded: string[],
): Promise<void> {
  const [bytes, ...ngrams] = model.tables.tables;
  const { dimension } = model.tables;
  const { sizes, rows, hashFunction } = model.config.tables;
  const names = tableNames(model.config).map((name) => `tables/${name}`);
  if (fits(names[0]!, prefix + BLT_BYTE_TABLE, [bytes!.length / dimension, dimension]))
    await source.read(prefix + BLT_BYTE_TABLE, bytes!);
  const { encoder_hash_byte_group_size: bltSizes, encoder_hash_byte_group_vocab: bltRows } = blt;
  const tensor = prefix + BLT_NGRAM_TABLES;
  // All of BLT's tables are one tensor; a table fits when the tensor has the shape that BLT's configuration and our rows make it.
  const expected = [blt.encoder_hash_byte_group_nb_functions * bltSizes.length * rows, dimension];
  for (const [index, table] of ngrams.entries()) {
    const name = names[index + 1]!;
    const number = hashFunction + Math.floor(index / sizes.length);
    const column = bltSizes.indexOf(sizes[index % sizes.length]!);
    if (column < 0 || number >= blt.encoder_hash_byte_group_nb_functions) {
      notLoaded.push(name);
      continue;
    }
    if (!fits(name, tensor, expected)) continue;
    await source.read(tensor, table, (number * bltSizes.length + column) * bltRows * dimension);
  }
}

/** @throws FormatError `IMPORT_MALFORMED` */
async function readSourceTables(folder: string): Promise<SourceTables> {
  const path = join(folder, CONFIG_FILE);
  let parsed: unknown;
  let cause: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    cause = error;
  }
  const result = tablesSchema.safeParse(parsed);
  if (result.success) return result.data;
  throw new FormatError(
    'IMPORT_MALFORMED',
    `${path} is missing or does not describe a BLT model; download the checkpoint again`,
    {
      details: { path },
      cause: cause ?? result.error,
    },
  );
}
