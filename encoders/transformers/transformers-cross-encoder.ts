import { type PreTrainedModel, Tensor } from '@huggingface/transformers';
import { CemError, fromHalf } from '../../base/index.ts';
import type { CrossEncoderConfig } from '../pairs/cross-encoder-config.ts';
import type { PairScorer } from '../pairs/pair-scorer.ts';
import type { PairBatch } from '../pairs/pair-sequences.ts';
import { TokenPairScorer } from '../pairs/token-pair-scorer.ts';
import { maximumTokensOf } from './sentence-transformers-files.ts';
import { findTransformersModel } from './transformers-folders.ts';
import { loadPairClassifier } from './transformers-model.ts';
import { pairTokenizerOf } from './transformers-pair-tokenizer.ts';
import { modelName } from './transformers-presets.ts';

/** Where neither the choice nor the model's files say how much it reads: BERT's length. */
const USUAL_MAXIMUM = 512;

/**
 * Any cross-encoder through transformers.js, by its raw logits. The library's text-classification pipeline is no way to them: its softmax over the one logit that most of
 * these models have is 1 for every pair. Of two logits (not relevant, relevant) the score is their difference, which orders as the softmax does.
 *
 * @throws CemError `RERANKER_NOT_FOUND`, `RERANKER_UNAVAILABLE`; UsageError `RERANKER_UNSUPPORTED` (a model of other outputs), `RERANKER_MAXIMUM_TOKENS`
 */
export async function openTransformersCrossEncoder(config: CrossEncoderConfig, models?: string): Promise<PairScorer> {
  const { model, tokenizer, revision } = await loadPairClassifier(config, models);
  try {
    const { local } = findTransformersModel(config, models);
    const known = config.maximumTokens ?? (local === undefined ? undefined : await maximumTokensOf(local));
    const maximumTokens = known ?? USUAL_MAXIMUM;
    const { longTexts, batchSize, dtype } = config;
    const id = `cross-encoder:${modelName(config.model)}`;
    return new TokenPairScorer(
      { id, revision, settings: { maximumTokens, longTexts, dtype } },
      pairTokenizerOf(tokenizer),
      {
        logits: (batch) => classify(model, batch, id),
        dispose: async () => void (await model.dispose()),
      },
      { maximumTokens, longTexts, batchSize },
    );
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

async function classify(
  model: PreTrainedModel,
  { rows, positions, ids, types, mask }: PairBatch,
  id: string,
): Promise<Float32Array> {
  const dims = [rows, positions];
  const tensor = (values: ArrayLike<number>) =>
    new Tensor('int64', BigInt64Array.from(values as Iterable<number> & ArrayLike<number>, BigInt), dims);
  const output: unknown = await model({
    input_ids: tensor(ids),
    attention_mask: tensor(mask),
    token_type_ids: tensor(types),
  });
  const logits: unknown = Reflect.get(Object(output), 'logits');
  const outputs = logits instanceof Tensor && logits.dims.length === 2 ? logits.dims[1]! : 0;
  const values = logits instanceof Tensor ? numbersOf(logits.data) : undefined;
  if (values === undefined || outputs < 1 || outputs > 2) {
    throw new CemError(
      'RERANKER_UNSUPPORTED',
      `${id} gives ${outputs === 0 ? 'no logits of pairs' : `${outputs} logits for a pair`}: a reranker has one, or two for "not relevant" and "relevant". Choose another model.`,
      { details: { model: id, outputs } },
    );
  }
  if (outputs === 1) return values;
  return Float32Array.from({ length: rows }, (_, row) => values[2 * row + 1]! - values[2 * row]!);
}

function numbersOf(data: unknown): Float32Array | undefined {
  if (data instanceof Float32Array) return data;
  // Where JavaScript has no Float16Array, onnxruntime gives the bits.
  return data instanceof Uint16Array ? Float32Array.from(data, fromHalf) : undefined;
}
