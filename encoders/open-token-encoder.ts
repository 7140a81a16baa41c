import type { z } from 'zod';
import { UsageError } from '../base/index.ts';
import type { TokenEncoder } from './groups/token-encoder.ts';
import { transformersConfig } from './teacher-config.ts';

/** Settings of an encoder of tokens: those of a teacher by transformers.js. */
export type TokenEncoderInput = Omit<z.input<typeof transformersConfig>, 'kind' | 'cache'>;

/**
 * Opens a model of transformers.js for the vectors of its tokens.
 *
 * @param models folder in which it is looked up before the hub
 * @throws UsageError `GROUP_ENCODER` for settings that are none; and as `loadTransformersModel` and `resolveModelSettings`
 */
export async function openTokenEncoder(input: TokenEncoderInput, models?: string): Promise<TokenEncoder> {
  const parsed = transformersConfig.safeParse({ kind: 'transformers', ...input });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(
      'GROUP_ENCODER',
      `these are no settings of an encoder of tokens: ${issue!.path.join('.')}: ${issue!.message}`,
      { details: { input }, cause: parsed.error },
    );
  }
  // onnxruntime is loaded only by those who need it.
  const { TransformersEmbedder } = await import('./transformers/transformers-embedder.ts');
  return TransformersEmbedder.create(parsed.data, models === undefined ? {} : { models });
}
