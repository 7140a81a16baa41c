import { openTokenizer } from '../../encoders/index.ts';

/** Counts tokens as the model would that reads the text. White space is no measure: Chinese has none. */
export interface TokenCounter {
  /** Stable, for settings that are stored: `o200k_base`. */
  readonly name: string;
  count(text: string): number;
}

/** What is needed of a tokenizer; those of transformers.js have it. */
export interface Tokenizer {
  encode(text: string, options?: { readonly add_special_tokens?: boolean }): ArrayLike<number>;
}

/**
 * Letters, symbols or white space in a row that are counted in one go, in UTF-16 units. A byte pair encoder takes quadratic time for a run of one class: 100,000 ideographs without
 * punctuation would take it a minute.
 */
const LONGEST_RUN = 128;
const LONG_RUN = new RegExp(
  `[\\p{L}\\p{M}]{${LONGEST_RUN + 1},}|[^\\s\\p{L}\\p{M}\\p{N}]{${LONGEST_RUN + 1},}|\\s{${LONGEST_RUN + 1},}`,
  'u',
);
const PIECE_OF_RUN = new RegExp(`.{1,${LONGEST_RUN}}`, 'gsu');

const O200K_BASE = 'o200k_base';

let opened: Promise<TokenCounter> | undefined;

/**
 * A counter of the tokenizer that is named: OpenAI's o200k_base (GPT-4o and later), whose table is loaded with the first call and takes about 70 MB of memory, or that of a model's folder. In o200k_base runs of more than
 * 128 letters or symbols are counted in pieces, each border of which may add a token or two; names of special tokens in a text count as the words that they are.
 *
 * @param tokenizer `o200k_base`, or a folder with tokenizer.json
 * @throws CemError `TOKENIZER_NOT_FOUND` for a folder without one
 */
export async function openTokenCounter(tokenizer: string = O200K_BASE): Promise<TokenCounter> {
  if (tokenizer !== O200K_BASE) {
    const model = await openTokenizer(tokenizer);
    return tokenCounterOf(model.name, model);
  }
  opened ??= load();
  return opened;
}

async function load(): Promise<TokenCounter> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  const words = { disallowedSpecial: new Set<string>() };
  const count = (text: string): number => countTokens(text, words);
  return { name: O200K_BASE, count: (text) => countInRuns(text, count) };
}

/** A counter of any other tokenizer, e.g. the reader's: `AutoTokenizer.from_pretrained(…)`. Marks that it puts around every text are not counted. */
export function tokenCounterOf(name: string, tokenizer: Tokenizer): TokenCounter {
  return { name, count: (text) => tokenizer.encode(text, { add_special_tokens: false }).length };
}

function countInRuns(text: string, count: (text: string) => number): number {
  let total = 0;
  let rest = text;
  for (let run = LONG_RUN.exec(rest); run !== null; run = LONG_RUN.exec(rest)) {
    total += count(rest.slice(0, run.index));
    for (const [piece] of run[0].matchAll(PIECE_OF_RUN)) total += count(piece);
    rest = rest.slice(run.index + run[0].length);
  }
  return total + count(rest);
}
