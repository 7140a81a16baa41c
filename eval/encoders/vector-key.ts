import { createHash } from 'node:crypto';
import type { EncoderDescription } from '../../encoders/index.ts';

/** What a vector is made of: a text, or the bytes of chunks. */
export type VectorContent = readonly (string | Uint8Array)[];

/**
 * SHA-256 (hexadecimal) of everything that a vector depends on: query or document, the encoder's id, revision and settings, and the content. The
 * parts' lengths go in, so that no two contents share a key by where their borders lie.
 */
export function vectorKey(kind: 'query' | 'document', encoder: EncoderDescription, content: VectorContent): string {
  const { id, revision, dimension, settings } = encoder;
  const hash = createHash('sha256').update(JSON.stringify([kind, id, revision, dimension, settings]));
  for (const part of content) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    hash.update(`/${bytes.length}/`).update(bytes);
  }
  return hash.digest('hex');
}
