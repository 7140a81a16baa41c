import { z } from 'zod';
import { createVectorizer } from './groups/create-vectorizer.ts';
import type { TextGroupEncoder } from './groups/group-encoder.ts';
import { patchGroupsConfig } from './groups/patch-group.ts';
import { TokenGroupEncoder } from './groups/token-group-encoder.ts';
import type { TokenProjection } from './groups/token-projection.ts';
import { vectorizerConfig } from './groups/vectorizer.ts';
import type { WordWeights } from './groups/word-weights.ts';
import { openTokenEncoder } from './open-token-encoder.ts';
import { transformersConfig } from './teacher-config.ts';

/** What makes vector groups of texts. */
export const groupEncoderConfig = z.strictObject({
  encoder: transformersConfig.omit({ kind: true, cache: true }).describe('Who makes the vectors of tokens.'),
  vectorizer: vectorizerConfig.describe('How they become a group.'),
  patches: patchGroupsConfig
    .optional()
    .describe('Passages are patches of compressed chunks, and only queries are tokens; absent: both are.'),
});

export type GroupEncoderConfig = z.infer<typeof groupEncoderConfig>;

export interface OpenGroupEncoderOptions {
  /** Folder in which the encoder is looked up before the hub. */
  readonly models?: string | undefined;
  readonly projection?: TokenProjection | undefined;
  readonly words?: WordWeights | undefined;
}

/** Opens an encoder of groups. Dispose of it. Throws as `openTokenEncoder`, `createVectorizer`, and UsageError `GROUP_PROJECTION`. */
export async function openGroupEncoder(
  { encoder, vectorizer, patches }: GroupEncoderConfig,
  { models, projection, words }: OpenGroupEncoderOptions = {},
): Promise<TextGroupEncoder> {
  const strategy = createVectorizer(vectorizer);
  const tokens = await openTokenEncoder(encoder, models);
  try {
    return new TokenGroupEncoder(tokens, { vectorizer: strategy, projection, words, patches });
  } catch (error) {
    await tokens.dispose();
    throw error;
  }
}
