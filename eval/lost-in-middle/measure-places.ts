import { RandomNumbers, UsageError } from '../../base/index.ts';

/** Where the key stands in the context, as a share of the text before it. */
export const KEY_PLACES = { begin: 0, middle: 0.5, end: 1 } as const;
export type KeyPlace = keyof typeof KEY_PLACES;

export interface LostInMiddleInput {
  /**
   * A chat model's answer to a prompt.
   *
   * @param maximumTokens that the answer may have
   */
  readonly complete: (
    prompt: string,
    options: { readonly maximumTokens: number; readonly signal?: AbortSignal | undefined },
  ) => Promise<string>;
  /** Tokens of a text, by the model's own tokenizer. */
  readonly countTokens: (text: string) => number;
  /** Tokens of the context around the key; 32,000 unless given. */
  readonly contextTokens?: number;
  /** Tokens of an answer; 50 unless given. */
  readonly answerTokens?: number;
  /** Prompts for each place, each with a key of its own; 20 unless given. */
  readonly trials?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/** How often the key was found where it stood there. */
export interface PlaceAccuracy {
  readonly place: KeyPlace;
  readonly found: number;
  readonly trials: number;
  readonly accuracy: number;
}

export interface LostInMiddleResult {
  /** Of the longest prompt, question included. */
  readonly promptTokens: number;
  readonly places: readonly PlaceAccuracy[];
}

const DEFAULT_CONTEXT = 32_000;
const DEFAULT_ANSWER = 50;
const DEFAULT_TRIALS = 20;
const KEY_DIGITS = 7;

/** What is said around the key: sentences that every reader understands and nobody needs. */
const FILLING = [
  'The grass is green and the sky is blue.',
  'The sun rises in the east, and the day goes on.',
  'Here we go, there and back again.',
  'The river runs down to the sea.',
  'A bird sat on the fence and sang.',
  'The shop opens in the morning and closes at night.',
  'Somebody left a window open upstairs.',
  'The train was late, and nobody minded.',
] as const;

/**
 * Measures whether a chat model finds a fact wherever it stands in a long context (Liu et al. 2023, "Lost in the Middle", arXiv 2307.03172): a key of seven digits at the beginning, in the middle or
 * at the end of sentences that say nothing of it, asked for behind them. An answer is right when the key's digits stand in it. The same seed asks the same prompts; every place has the same keys.
 *
 * @throws UsageError `LOST_IN_MIDDLE_NUMBER`; the signal's reason, and what `complete` throws
 */
export async function measureLostInMiddle(input: LostInMiddleInput): Promise<LostInMiddleResult> {
  const { contextTokens = DEFAULT_CONTEXT, answerTokens = DEFAULT_ANSWER, trials = DEFAULT_TRIALS, seed = 0, signal } = input;
  for (const [name, value] of Object.entries({ contextTokens, answerTokens, trials }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new UsageError('LOST_IN_MIDDLE_NUMBER', `${name} is ${value}: give a whole number from 1 on`, {
        details: { [name]: value },
      });
  const keys = drawKeys(trials, seed);
  const sentences = fillingOf(contextTokens, input.countTokens, seed);
  const places: PlaceAccuracy[] = [];
  let promptTokens = 0;
  for (const place of Object.keys(KEY_PLACES) as KeyPlace[]) {
    let found = 0;
    for (const key of keys) {
      signal?.throwIfAborted();
      const prompt = promptOf(sentences, key, KEY_PLACES[place]);
      promptTokens = Math.max(promptTokens, input.countTokens(prompt));
      const answer = await input.complete(prompt, { maximumTokens: answerTokens, signal });
      if (holdsKey(answer, key)) found += 1;
      input.onProgress?.(places.length * trials + keys.indexOf(key) + 1, 3 * trials);
    }
    places.push({ place, found, trials, accuracy: found / trials });
  }
  return { promptTokens, places };
}

/** Different ones, none beginning with 0. */
function drawKeys(count: number, seed: number): string[] {
  const numbers = new RandomNumbers(seed, 'keys');
  const keys = new Set<string>();
  while (keys.size < count) keys.add(String(10 ** (KEY_DIGITS - 1) + numbers.integer(9 * 10 ** (KEY_DIGITS - 1))));
  return [...keys];
}

/** As many sentences as fit, in an order by the seed. */
function fillingOf(tokens: number, countTokens: (text: string) => number, seed: number): string[] {
  const numbers = new RandomNumbers(seed, 'filling');
  const costs = FILLING.map((sentence) => Math.max(1, countTokens(` ${sentence}`)));
  const sentences: string[] = [];
  for (let left = tokens; ; ) {
    const next = numbers.integer(FILLING.length);
    if (costs[next]! > left) return sentences;
    left -= costs[next]!;
    sentences.push(FILLING[next]!);
  }
}

function promptOf(sentences: readonly string[], key: string, share: number): string {
  const before = Math.round(share * sentences.length);
  const fact = `The pass key is ${key}. Remember it. ${key} is the pass key.`;
  const text = [...sentences.slice(0, before), fact, ...sentences.slice(before)].join(' ');
  return `There is a pass key hidden inside a lot of irrelevant text. Find it and remember it.\n\n${text}\n\nWhat is the pass key? Answer with the pass key alone.`;
}

/** Digits of other numbers beside it do not count, signs that group digits do not matter. */
function holdsKey(answer: string, key: string): boolean {
  return answer
    .replace(/(?<=\d)[\s,._](?=\d)/g, '')
    .split(/\D+/)
    .includes(key);
}
