import { z } from 'zod';
import { FormatError } from '../../base/index.ts';
import { type ModelConfig, modelConfigSchema } from '../config.ts';

const count = z.number().int().positive();
const layers = z.number().int().nonnegative();
/** [batch, positions] */
const numbers = z.array(z.array(z.number().int().nonnegative()));
/** [batch, positions, dimension] */
const activations = z.array(z.array(z.array(z.number())));

const caseSchema = z.object({
  config: z.object({
    localLayers: layers,
    globalLayers: layers,
    localDim: count,
    globalDim: count,
    heads: count,
    localFfnDim: count,
    globalFfnDim: count,
    crossAttentionQueries: count,
    ropeTheta: z.number().positive(),
    /** The graph has BLT's, which no configuration changes. */
    normEps: z.literal(1e-5),
    hashRows: count,
    hashFunctions: count,
    hashSizes: z.array(count).min(1),
    causal: z.boolean(),
  }),
  input_ids: numbers.min(1),
  patch_lengths: numbers,
  /** By `function/size`. */
  hash_ids: z.record(z.string().regex(/^\d+\/\d+$/), numbers),
  /** The same with 500002 rows, BLT's number. */
  hash_ids_500002: z.record(z.string().regex(/^\d+\/\d+$/), numbers),
  embeddings: activations,
  bytes_out: activations,
  patches_in: activations,
  patches_out: activations,
});

/** `case.json`: inputs of the reference, and every activation that it computed from them. */
export type ParityCase = z.infer<typeof caseSchema>;

/** @throws FormatError `PARITY_CASE_MALFORMED` */
export function parseParityCase(text: string, path: string): ParityCase {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw malformedCase(path, 'it is not JSON', cause);
  }
  const parsed = caseSchema.safeParse(json);
  if (!parsed.success) throw malformedCase(path, z.prettifyError(parsed.error).replaceAll('\n', ' '), parsed.error);
  const { input_ids: ids, patch_lengths: patches } = parsed.data;
  const length = ids[0]!.length;
  if (length === 0 || ids.some((row) => row.length !== length))
    throw malformedCase(path, 'the rows of input_ids differ in length');
  if (patches.length !== ids.length || patches.some((row) => row.reduce((sum, patch) => sum + patch, 0) !== length)) {
    throw malformedCase(path, `patch_lengths must have ${ids.length} rows that each sum up to ${length}`);
  }
  return parsed.data;
}

/**
 * The encoder that computes what the case's model computes: no skip path, a window that holds everything, patches as the case has them.
 *
 * @throws FormatError `PARITY_CASE_MALFORMED` for shapes that the encoder cannot have
 */
export function modelOfCase({ config, input_ids: ids }: ParityCase, path: string): ModelConfig {
  const symbols = ids[0]!.length;
  const { heads, ropeTheta } = config;
  const parsed = modelConfigSchema.safeParse({
    input: 'text',
    maximumSymbols: symbols,
    // Which text patching does not matter: the case says where patches begin.
    patching: { kind: 'space' },
    tables: { sizes: config.hashSizes, rows: config.hashRows, hashFunctions: config.hashFunctions },
    local: {
      dimension: config.localDim,
      layers: config.localLayers,
      heads,
      feedForward: config.localFfnDim,
      ropeTheta,
      window: symbols,
      crossAttentionHeads: heads,
      queries: config.crossAttentionQueries,
    },
    global: { dimension: config.globalDim, layers: config.globalLayers, heads, feedForward: config.globalFfnDim, ropeTheta },
    skipPath: false,
    causal: config.causal,
  });
  if (parsed.success) return parsed.data;
  throw malformedCase(path, z.prettifyError(parsed.error).replaceAll('\n', ' '), parsed.error);
}

function malformedCase(path: string, what: string, cause?: unknown): FormatError {
  return new FormatError('PARITY_CASE_MALFORMED', `${path}: ${what}; write the case again with the reference's generate.py`, {
    details: { path },
    cause,
  });
}
