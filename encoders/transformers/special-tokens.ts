import assert from 'node:assert/strict';
import type { PreTrainedTokenizer } from '@huggingface/transformers';

/** What a tokenizer puts around every text. */
export interface SpecialTokens {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** What the tokenizer puts before and after every text, read off a probe. */
export function findSpecialTokens(tokenizer: PreTrainedTokenizer): SpecialTokens {
  const bare = tokenizer.encode('a', { add_special_tokens: false });
  const framed = tokenizer.encode('a');
  for (let start = 0; start + bare.length <= framed.length; start++) {
    if (bare.every((id, i) => framed[start + i] === id)) {
      return { before: framed.slice(0, start), after: framed.slice(start + bare.length) };
    }
  }
  assert.fail('a tokenizer changes a text that it adds special tokens to');
}
