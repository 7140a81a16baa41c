import assert from 'node:assert/strict';
import { AutoTokenizer, type PreTrainedTokenizer } from '@huggingface/transformers';
import { CemError, messageOf } from '../../base/index.ts';
import type { PairFrame, PairTokenizer } from '../pairs/pair-sequences.ts';

/**
 * The tokenizer of a folder with tokenizer.json and tokenizer_config.json, for the models that are trained here: whatever tokenizer it is, the types tell the two texts apart.
 *
 * @throws CemError `RERANKER_UNAVAILABLE`
 */
export async function loadPairTokenizer(folder: string): Promise<PairTokenizer> {
  let tokenizer: PreTrainedTokenizer;
  try {
    tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  } catch (cause) {
    throw new CemError(
      'RERANKER_UNAVAILABLE',
      `the tokenizer in ${folder} cannot be loaded: ${messageOf(cause)} The folder needs tokenizer.json and tokenizer_config.json.`,
      { details: { folder }, cause },
    );
  }
  const pairs = pairTokenizerOf(tokenizer);
  return { ...pairs, frame: { ...pairs.frame, types: [0, 1] } };
}

/** Reads off a probe what a tokenizer puts around pairs. */
export function pairTokenizerOf(tokenizer: PreTrainedTokenizer): PairTokenizer {
  return {
    encode: (text) => (text === '' ? [] : tokenizer.encode(text, { add_special_tokens: false })),
    frame: findFrame(tokenizer),
    padId: tokenizer.pad_token_id ?? 0,
  };
}

function findFrame(tokenizer: PreTrainedTokenizer): PairFrame {
  const [first, second] = ['a', 'b'].map((text) => tokenizer.encode(text, { add_special_tokens: false })) as [number[], number[]];
  const ids = tokenizer.encode('a', { text_pair: 'b' });
  const start = find(ids, first, 0);
  const next = find(ids, second, start + first.length);
  assert.ok(start >= 0 && next >= 0, 'a tokenizer changes texts that it makes a pair of');
  const types: unknown = tokenizer('a', { text_pair: 'b', return_tensor: false, return_token_type_ids: true }).token_type_ids;
  const typeAt = (place: number): number => (Array.isArray(types) ? Number(types[place]) : 0);
  return {
    before: ids.slice(0, start),
    between: ids.slice(start + first.length, next),
    after: ids.slice(next + second.length),
    types: [typeAt(start), typeAt(next)],
  };
}

function find(ids: readonly number[], part: readonly number[], from: number): number {
  for (let start = from; start + part.length <= ids.length; start++) {
    if (part.every((id, index) => ids[start + index] === id)) return start;
  }
  return -1;
}
