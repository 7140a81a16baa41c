import { basename, dirname } from 'node:path';
import { type LongTexts, openPairTokenizer, type PairScorer, TokenPairScorer } from '../../encoders/index.ts';
import { loadCrossEncoder } from '../store/cross-encoder-checkpoint.ts';

/** Pairs in one batch, at most. */
const BATCH_SIZE = 16;

/** How a trained reranker reads. */
export interface LoadRerankerOptions {
  /** Tokens of a pair; as many as it was trained with unless given. */
  readonly maximumTokens?: number | undefined;
  /** What happens to texts that do not fit; their end is cut off unless given. */
  readonly longTexts?: LongTexts | undefined;
}

/**
 * A reranker that was trained with this package, ready to score pairs. A backend must have been chosen.
 *
 * @param path as `loadCrossEncoder` takes it
 * @throws as `loadCrossEncoder`; CemError `RERANKER_UNAVAILABLE` for a damaged tokenizer; UsageError `RERANKER_MAXIMUM_TOKENS`
 */
export async function loadReranker(path: string, options: LoadRerankerOptions = {}): Promise<PairScorer> {
  const { model, state, path: folder } = await loadCrossEncoder(path);
  try {
    const tokenizer = await openPairTokenizer(folder);
    const maximumTokens = Math.min(options.maximumTokens ?? state.maximumTokens, state.model.positions);
    const { longTexts = 'cut' } = options;
    return new TokenPairScorer(
      {
        id: `cem-reranker:${basename(dirname(dirname(folder)))}`,
        revision: state.contentHash.slice(0, 16),
        settings: { maximumTokens, longTexts, step: state.step },
      },
      tokenizer,
      { logits: (batch) => model.logits(batch), dispose: async () => model.dispose() },
      { maximumTokens, longTexts, batchSize: BATCH_SIZE },
    );
  } catch (error) {
    model.dispose();
    throw error;
  }
}
