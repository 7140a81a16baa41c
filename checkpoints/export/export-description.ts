import { join } from 'node:path';
import { z } from 'zod';
import { CemError, readJsonFile } from '../../base/index.ts';
import { teacherProbeSchema } from '../../encoders/index.ts';
import { HASH_PRIMES, modelConfigSchema, patchingOf } from '../../model/index.ts';
import { BYTE_ID_OFFSET, SYMBOL_KINDS, symbolKind } from '../../model/symbols/index.ts';
import { type CheckpointState, MODEL_FILE, QUERY_FOLDER, STATE_FILE, TABLES_FILE, tableNames } from '../store/checkpoint.ts';
import { DENSE_PRECISIONS, TABLE_PRECISIONS } from '../store/compact-weights.ts';
import { KNOWN_TEXT_FILE } from '../store/known-text.ts';
import { ONNX_FILE, ONNX_WEIGHTS_FILE } from './onnx/onnx-model.ts';

/** Version of `encoder.json` and of the folder around it. */
const EXPORT_FORMAT_VERSION = 2;

/** Every export has it; a folder without it is never replaced. */
export const DESCRIPTION_FILE = 'encoder.json';

/** What the weights are stored as. */
export const exportFormats = ['safetensors', 'layers-model', 'onnx'] as const;
export type ExportFormat = (typeof exportFormats)[number];

const FILE_MEANINGS: Readonly<Record<string, string>> = {
  [DESCRIPTION_FILE]: 'what a program has to know to feed the encoder and to use its vectors',
  [STATE_FILE]: 'state of the checkpoint with the resolved configuration of its run',
  'model.json': 'the graph, as `tf.loadLayersModel` reads it',
  [ONNX_FILE]: 'the graph as ONNX, operator set 18',
  [ONNX_WEIGHTS_FILE]: 'weights of `encoder.onnx`, float32',
  [KNOWN_TEXT_FILE]: 'which words and n-grams it was trained on, as hashes: `cem check-corpus` holds a corpus against it',
  teacher: 'the fitted teacher, which embeds queries',
  [QUERY_FOLDER]: 'the query student, a text encoder trained to the queries of the teacher, in the form of a checkpoint',
};

const PRECISION_WORDS = {
  fp32: 'float32',
  fp16: 'float16',
  int8: 'int8 with a float32 for each row that it is multiplied by',
  int4: 'int4, two in a byte, with a float32 for each row that it is multiplied by (that of the bytes int8)',
} as const;

const size = z.number().int().nonnegative();

/** Inputs of a graph whose patches are not static, beside the others. */
const PATCH_INPUTS: ExportDescription['inputs'] = [
  { name: 'patch-ids', dtype: 'int32', shape: [null, null] },
  { name: 'patch-mask', dtype: 'float32', shape: [null, null] },
];

const descriptionSchema = z.strictObject({
  format: z.literal('cem-encoder'),
  version: z.literal(EXPORT_FORMAT_VERSION),
  weights: z.enum(exportFormats),
  /** The checkpoint's identity, which an index holds against the one that it was made with. */
  contentHash: z.string(),
  step: size,
  model: modelConfigSchema,
  /** The graph's inputs in their order; null is any length. */
  inputs: z.array(z.strictObject({ name: z.string(), dtype: z.enum(['float32', 'int32']), shape: z.array(size.nullable()) })),
  output: z.strictObject({ dimension: size, normalized: z.literal('l2') }),
  /** Symbols are padded with zeros to a multiple of `patchSize`; beyond `2 * window` of them, to a multiple of `window` as well. */
  padding: z.strictObject({ patchSize: size, window: size, maximumSymbols: size }),
  /** Values of the input `kinds`. A copy has the last kind whose entry in `copyLengths` (by kind, from `firstCopy`) is not above its length. */
  kinds: z.strictObject({ count: size, padding: size, literal: size, firstCopy: size, copyLengths: z.array(size) }),
  /** A symbol's embedding is the sum of the tables' rows over its positions, times `bytes^-1/2`. */
  tables: z.strictObject({
    file: z.string(),
    /** The bytes' table, then for each hash function one an n-gram size, in the order of `sizes`. */
    names: z.array(z.string()),
    dimension: size,
    sizes: z.array(size),
    rows: size,
    /** `h = sum_j id_j * prime^j`, j = 0 for the oldest id, in wrapping signed 64-bit arithmetic, then floor modulo `rows`; a prime for each hash function. */
    hashPrimes: z.array(size),
    /** A byte's id is its value plus this; positions before the text have id 0. */
    byteIdOffset: size,
  }),
  /** Who embeds queries. `folder` holds a fitted one; null where it is found by name. */
  teacher: z.strictObject({
    id: z.string(),
    revision: z.string(),
    settings: z.record(z.string(), z.unknown()),
    folder: z.string().nullable(),
    /** Its vectors of the texts in `encoders/teacher/teacher-probe.ts`, by which another conversion of its weights is recognised; absent where they were not recorded. */
    probe: teacherProbeSchema.optional(),
  }),
  pack: z.record(z.string(), z.unknown()),
  /**
   * What the numbers are stored as in the safetensors files; float32 where it is absent. A table of int8 is I8 [rows, dimension] under its name, and F32 [rows]
   * under its name with `.scale`, by which its rows are multiplied; one of int4 is U8 [rows, dimension / 2], a byte the number that comes first in its lower half and the next in its upper one,
   * each with 8 added.
   */
  storage: z.strictObject({ dense: z.enum(DENSE_PRECISIONS), tables: z.enum(TABLE_PRECISIONS) }).optional(),
  /** SHA-256 of the files that hold numbers or the graph. */
  sha256: z.record(z.string(), z.string()),
});

/** `encoder.json` of an export: what a reader has to know to feed the weights and to use the vectors. */
export type ExportDescription = z.infer<typeof descriptionSchema>;

/** What a file of an export is, in words for people. */
export function fileMeaning(file: string, { storage }: ExportDescription): string {
  if (file === MODEL_FILE) return `weights of the graph, ${PRECISION_WORDS[storage?.dense ?? 'fp32']}`;
  if (file === TABLES_FILE) return `embedding tables of bytes and hashed n-grams, ${PRECISION_WORDS[storage?.tables ?? 'fp32']}`;
  if (file.startsWith('evaluation')) return 'figures of these weights, as `cem eval --json` printed them';
  if (/^group\d+-shard/.test(file)) return 'weights of `model.json`, float32';
  return FILE_MEANINGS[file] ?? 'part of the encoder';
}

/** The smallest length of each kind of copy, from the first kind on. */
function smallestCopyLengths(firstKind: number): number[] {
  return Array.from({ length: SYMBOL_KINDS - firstKind }, (_, index) => {
    let [low, high] = [1, 2 ** 30];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (symbolKind(true, middle) >= firstKind + index) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** Describes a checkpoint's encoder. */
export function describeExport(
  state: CheckpointState,
  weights: ExportFormat,
  teacherFolder: string | null,
  sha256: Record<string, string>,
): ExportDescription {
  const { model, teacher, storage } = state;
  const { sizes, rows, hashFunction, hashFunctions = 1 } = model.tables;
  const firstCopy = symbolKind(true, 1);
  return {
    format: 'cem-encoder',
    version: EXPORT_FORMAT_VERSION,
    weights,
    contentHash: state.contentHash,
    step: state.step,
    model,
    inputs: [
      { name: 'symbols', dtype: 'float32', shape: [null, null, model.local.dimension] },
      { name: 'lengths', dtype: 'float32', shape: [null, null] },
      { name: 'kinds', dtype: 'int32', shape: [null, null] },
      ...(patchingOf(model).kind === 'static' ? [] : PATCH_INPUTS),
    ],
    output: { dimension: state.dimension, normalized: 'l2' },
    padding: {
      patchSize: patchingOf(model).kind === 'static' ? model.patchSize : 1,
      window: model.local.window,
      maximumSymbols: model.maximumSymbols,
    },
    kinds: {
      count: SYMBOL_KINDS,
      padding: 0,
      literal: symbolKind(false, 1),
      firstCopy,
      copyLengths: smallestCopyLengths(firstCopy),
    },
    tables: {
      file: TABLES_FILE,
      names: tableNames(model),
      dimension: model.local.dimension,
      sizes,
      rows,
      hashPrimes: HASH_PRIMES.slice(hashFunction, hashFunction + hashFunctions),
      byteIdOffset: BYTE_ID_OFFSET,
    },
    teacher: {
      id: teacher.id,
      revision: teacher.revision,
      settings: teacher.settings,
      folder: teacherFolder,
      ...(teacher.probe && { probe: teacher.probe }),
    },
    pack: state.pack,
    // The other formats hold float32 whatever the checkpoint does.
    ...(storage && weights === 'safetensors' && { storage: { dense: storage.dense, tables: storage.tables } }),
    sha256,
  };
}

/**
 * `encoder.json` of an export.
 *
 * @throws CemError `EXPORT_MISSING` when there is none, FormatError `EXPORT_MALFORMED` when it cannot be understood
 */
export async function readExportDescription(folder: string): Promise<ExportDescription> {
  const path = join(folder, DESCRIPTION_FILE);
  const description = await readJsonFile(path, descriptionSchema, {
    code: 'EXPORT_MALFORMED',
    what: 'the description of an export',
    remedy: 'it was made by another version or is damaged: export the checkpoint again',
  });
  if (description !== undefined) return description;
  throw new CemError(
    'EXPORT_MISSING',
    `${folder} is no exported encoder: it has no ${DESCRIPTION_FILE}; make one with cem export`,
    { details: { folder } },
  );
}
