import { CemError } from '../../base/index.ts';
import type { PatchableChunk } from './patcher.ts';

/**
 * The text of a chunk, for rules that read it.
 *
 * @param rule its name, for the message
 * @throws CemError `PATCHING_WITHOUT_TEXT`
 */
export function textOf(chunk: PatchableChunk, rule: string): Uint8Array {
  if (chunk.text) return chunk.text;
  throw new CemError(
    'PATCHING_WITHOUT_TEXT',
    `${rule} patching reads the text, and a chunk of ${chunk.count} compressed symbols came without one: use the model input "text", or frame or static patching`,
    { details: { rule, count: chunk.count } },
  );
}
