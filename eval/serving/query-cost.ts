/** Prices of a million tokens, in any currency. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
  /** Of input that the provider has in its prefix cache; `input` unless given. */
  readonly cachedInput?: number | undefined;
}

export interface QueryTokens {
  readonly input: number;
  readonly output: number;
  /** Of the input, those that a prefix cache gives; 0 unless given. */
  readonly cached?: number | undefined;
}

export interface QueryCost {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly total: number;
}

const MILLION = 1e6;

/** What a query costs. */
export function queryCost({ input, output, cached = 0 }: QueryTokens, prices: TokenPrices): QueryCost {
  const parts = {
    input: ((input - cached) * prices.input) / MILLION,
    cached: (cached * (prices.cachedInput ?? prices.input)) / MILLION,
    output: (output * prices.output) / MILLION,
  };
  return { ...parts, total: parts.input + parts.cached + parts.output };
}

/** What the LongRAG v4 guide says (chapter 1): the price of a query, and those of GPT-4o that it is said to come from, in dollars. */
export const STATED_COST = { query: 0.003, prices: { input: 2.5, output: 10 } } as const;

/** Input tokens that a sum pays for, the output taken off; 0 where it does not pay for that. */
export function affordableInput(sum: number, output: number, prices: TokenPrices): number {
  return Math.max(0, Math.floor((sum * MILLION - output * prices.output) / prices.input));
}
