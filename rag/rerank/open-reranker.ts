import { UsageError } from '../../base/index.ts';
import { type LongTexts, openCrossEncoder } from '../../encoders/index.ts';
import { EndpointReranker } from './endpoint-reranker.ts';
import { PairReranker } from './pair-reranker.ts';
import { assertShare, type Reranker } from './reranker.ts';
import { weighReranker } from './weigh-reranker.ts';

export interface OpenRerankerOptions {
  /** Folder in which cross-encoders are looked up before the hub. */
  readonly models?: string | undefined;
  /** Weights of a cross-encoder of transformers.js; fp32 unless given. */
  readonly dtype?: 'fp32' | 'fp16' | 'q8' | undefined;
  /** Tokens of a pair; what the model's files say unless given. */
  readonly maximumTokens?: number | undefined;
  /** What happens to texts that do not fit; their end is cut off unless given. */
  readonly longTexts?: LongTexts | undefined;
  /** How much it counts beside the retriever, 0 to 1, see `blendScores`; 1, it alone, unless given. */
  readonly share?: number | undefined;
  /** Called before a trained checkpoint is loaded, for which a backend must be chosen. */
  readonly beforeCheckpoint?: (() => Promise<void>) | undefined;
}

/** How a reranker is chosen in one line. */
export const RERANKER_GRAMMAR = 'cross-encoder:MODEL, endpoint:URL, endpoint:URL#MODEL, tei:URL or checkpoint:FOLDER';

/**
 * Opens the reranker that a line names:
 *
 * - `cross-encoder:MODEL`: a cross-encoder of transformers.js, by folder, by name below the models' folder, or by hub id
 * - `endpoint:URL` or `endpoint:URL#MODEL`: an endpoint of Cohere's and Jina's shape, the whole address and what it calls its model
 * - `tei:URL`: an endpoint of text-embeddings-inference
 * - `checkpoint:FOLDER`: a reranker that `cem train` has trained, by checkpoint or run folder
 *
 * @throws UsageError `RERANKER_CHOICE`, `RERANK_SHARE`; and what the reranker's kind throws
 */
export async function openReranker(choice: string, options: OpenRerankerOptions = {}): Promise<Reranker> {
  const { share } = options;
  if (share === undefined) return openAlone(choice, options);
  assertShare(share);
  return weighReranker(await openAlone(choice, options), share);
}

async function openAlone(choice: string, options: OpenRerankerOptions): Promise<Reranker> {
  const [, kind, rest = ''] = /^([a-z-]+):(.+)$/su.exec(choice) ?? [];
  switch (kind) {
    case 'cross-encoder':
      return new PairReranker(
        await openCrossEncoder(
          { model: rest, ...readingOf(options), ...(options.dtype && { dtype: options.dtype }) },
          options.models,
        ),
      );
    case 'endpoint': {
      const [url, model] = splitAtHash(rest);
      return new EndpointReranker({ url, model });
    }
    case 'tei':
      return new EndpointReranker({ url: rest, shape: 'texts' });
    case 'checkpoint': {
      await options.beforeCheckpoint?.();
      // Tensors are loaded only by those who need them.
      const { loadReranker } = await import('../../checkpoints/index.ts');
      return new PairReranker(await loadReranker(rest, readingOf(options)));
    }
    default:
      throw new UsageError('RERANKER_CHOICE', `${JSON.stringify(choice)} names no reranker: write ${RERANKER_GRAMMAR}`, {
        details: { choice },
      });
  }
}

function readingOf({ maximumTokens, longTexts }: OpenRerankerOptions): Pick<OpenRerankerOptions, 'maximumTokens' | 'longTexts'> {
  return { ...(maximumTokens !== undefined && { maximumTokens }), ...(longTexts !== undefined && { longTexts }) };
}

function splitAtHash(text: string): [before: string, behind: string | undefined] {
  const place = text.indexOf('#');
  return place < 0 ? [text, undefined] : [text.slice(0, place), text.slice(place + 1) || undefined];
}
