import { UsageError } from '../base/index.ts';
import { type CrossEncoderInput, crossEncoderConfig } from './pairs/cross-encoder-config.ts';
import type { PairScorer } from './pairs/pair-scorer.ts';
import type { PairTokenizer } from './pairs/pair-sequences.ts';
import { transformersConfig } from './teacher-config.ts';
import { findTransformersModel } from './transformers/transformers-folders.ts';

/**
 * Opens a cross-encoder of transformers.js.
 *
 * @param models folder in which it is looked up before the hub
 * @throws UsageError `RERANKER_CHOICE` for settings that are none; and as `openTransformersCrossEncoder`
 */
export async function openCrossEncoder(input: CrossEncoderInput, models?: string): Promise<PairScorer> {
  const parsed = crossEncoderConfig.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(
      'RERANKER_CHOICE',
      `these are no settings of a cross-encoder: ${issue!.path.join('.')}: ${issue!.message}`,
      {
        details: { input },
        cause: parsed.error,
      },
    );
  }
  // onnxruntime is loaded only by those who need it.
  const { openTransformersCrossEncoder } = await import('./transformers/transformers-cross-encoder.ts');
  return openTransformersCrossEncoder(parsed.data, models);
}

/**
 * The folder of a model's files on this machine: a path, a name below the models' folder, or an earlier download.
 *
 * @throws UsageError `MODEL_NOT_FOUND`
 */
export function findModelFolder(model: string, models?: string): string {
  const { local, searched } = findTransformersModel(transformersConfig.parse({ kind: 'transformers', model }), models);
  if (local !== undefined) return local;
  throw new UsageError(
    'MODEL_NOT_FOUND',
    `the model ${model} is not on this machine (looked for in ${searched.join(', ')}): name the folder that it lies in with --models or CEM_MODELS`,
    { details: { model, searched } },
  );
}

/** The tokenizer of a folder, for pairs. Throws CemError `RERANKER_UNAVAILABLE`. */
export async function openPairTokenizer(folder: string): Promise<PairTokenizer> {
  const { loadPairTokenizer } = await import('./transformers/transformers-pair-tokenizer.ts');
  return loadPairTokenizer(folder);
}
