import type { PreTrainedTokenizer } from '@huggingface/transformers';
import type { Token } from '../groups/token-encoder.ts';
import type { SpecialTokens } from './special-tokens.ts';

/** Ids of tokens as what they stand for, whatever marks their vocabulary has for borders of words (`##`, `Ġ`, `▁`). */
export class TokenReader {
  readonly #tokenizer: PreTrainedTokenizer;
  /** Of the vocabulary, the one for what it does not know among them. */
  readonly #special: ReadonlySet<number>;
  readonly #known = new Map<number, Omit<Token, 'special'>>();
  readonly #prompts = new Map<string, readonly number[]>();
  /** A token that ends in a letter: decoded behind it, another one shows whether it begins a word. */
  readonly #anchor: number;

  constructor(tokenizer: PreTrainedTokenizer) {
    this.#tokenizer = tokenizer;
    this.#special = new Set(tokenizer.all_special_ids);
    this.#anchor = tokenizer.encode('a', { add_special_tokens: false }).at(-1)!;
  }

  /**
   * The tokens of a sequence that begins and ends with the special ones, and then with the prompt.
   *
   * @param prompt its tokens are special as well, as far as the sequence begins with those of the prompt alone
   */
  read(ids: readonly number[], prompt: string, { before, after }: SpecialTokens): Token[] {
    const ofPrompt = this.#promptIds(prompt);
    let begin = before.length;
    while (begin - before.length < ofPrompt.length && ids[begin] === ofPrompt[begin - before.length]) begin++;
    const end = ids.length - after.length;
    return ids.map((id, place) => {
      const { text, continues } = this.#tokenOf(id);
      return { text, continues: continues && place > begin, special: place < begin || place >= end || this.#special.has(id) };
    });
  }

  #promptIds(prompt: string): readonly number[] {
    if (prompt === '') return [];
    const known = this.#prompts.get(prompt);
    if (known !== undefined) return known;
    const ids = this.#tokenizer.encode(prompt, { add_special_tokens: false });
    this.#prompts.set(prompt, ids);
    return ids;
  }

  #tokenOf(id: number): Omit<Token, 'special'> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const decode = (ids: number[]): string => this.#tokenizer.decode(ids, { clean_up_tokenization_spaces: false });
    const behind = decode([this.#anchor, id]);
    const rest = behind.slice(decode([this.#anchor]).length);
    const token = { text: rest.trim(), continues: rest !== '' && !/^\s/.test(rest) };
    this.#known.set(id, token);
    return token;
  }
}
