import { RandomNumbers } from '../../base/index.ts';
import { digamma } from './digamma.ts';

/** One text as counts of words: columns, and how often each occurs. */
export interface WordCounts {
  readonly words: Int32Array;
  readonly counts: Float64Array;
}

export interface TopicModelOptions {
  readonly topics: number;
  /** Size of the vocabulary. */
  readonly words: number;
  readonly seed: number;
  /** Passes over all texts. */
  readonly iterations?: number;
  /** [topics, words] parameters to begin with, instead of random ones. */
  readonly initial?: Float64Array;
}

/** scikit-learn's defaults: passes over the texts, passes over one text, and the mean change at which these end. */
const ITERATIONS = 10;
const TEXT_ITERATIONS = 100;
const TEXT_CHANGE = 1e-3;
/** Against a division by zero. */
const SMALLEST = 2 ** -52;
/** Initial parameters are drawn from a gamma distribution with this shape and mean 1 (Hoffman et al. 2010). */
const INITIAL_SHAPE = 100;

/**
 * Latent Dirichlet allocation (Blei et al. 2003) by batch variational Bayes (Hoffman et al. 2010), with priors of 1 / topics for topics in texts and words in topics: each text is a mixture of topics, each topic
 * a distribution of words. The same seed gives the same model.
 */
export class TopicModel {
  readonly topics: number;
  readonly #words: number;
  readonly #prior: number;
  /** [topics, words]: parameters of the Dirichlet distribution of each topic's words. */
  readonly parameters: Float64Array;
  /** [topics, words]: exp(E[ln of a word's share in a topic]). */
  readonly #weights: Float64Array;

  private constructor({ topics, words, seed, initial }: TopicModelOptions) {
    this.topics = topics;
    this.#words = words;
    this.#prior = 1 / topics;
    this.parameters = initial?.slice() ?? randomParameters(topics * words, seed);
    this.#weights = new Float64Array(topics * words);
    this.#weigh();
  }

  static fit(texts: readonly WordCounts[], options: TopicModelOptions): TopicModel {
    const model = new TopicModel(options);
    for (let iteration = 0; iteration < (options.iterations ?? ITERATIONS); iteration++) model.#improve(texts);
    return model;
  }

  /** [topics]: the text's shares of topics, of sum 1; equal ones for a text without known words. */
  sharesOf(text: WordCounts): Float64Array {
    const { mixture } = this.#infer(text);
    const sum = mixture.reduce((total, value) => total + value, 0);
    return mixture.map((value) => value / sum);
  }

  /** One pass: every text's mixture for the topics as they are, then the topics anew from all mixtures. */
  #improve(texts: readonly WordCounts[]): void {
    const [topics, words] = [this.topics, this.#words];
    const statistics = new Float64Array(topics * words);
    for (const text of texts) {
      const { weights, norms } = this.#infer(text);
      for (let topic = 0; topic < topics; topic++) {
        for (let place = 0; place < text.words.length; place++)
          statistics[topic * words + text.words[place]!]! += (weights[topic]! * text.counts[place]!) / norms[place]!;
      }
    }
    for (let index = 0; index < statistics.length; index++)
      this.parameters[index] = this.#prior + statistics[index]! * this.#weights[index]!;
    this.#weigh();
  }

  /**
   * @returns mixture: [topics] parameters of the Dirichlet distribution of the text's topics; weights: [topics] exp(E[ln share]); norms: [words of the text] the sum over topics of weights of topic and word
   */
  #infer({ words, counts }: WordCounts): { mixture: Float64Array; weights: Float64Array; norms: Float64Array } {
    const topics = this.topics;
    let mixture = new Float64Array(topics).fill(1);
    let weights = expectedShares(mixture, 0, topics);
    const norms = new Float64Array(words.length);
    const normalize = (): void => {
      for (let place = 0; place < words.length; place++) {
        let sum = SMALLEST;
        for (let topic = 0; topic < topics; topic++) sum += weights[topic]! * this.#weights[topic * this.#words + words[place]!]!;
        norms[place] = sum;
      }
    };
    for (let iteration = 0; iteration < TEXT_ITERATIONS; iteration++) {
      normalize();
      const next = new Float64Array(topics);
      let change = 0;
      for (let topic = 0; topic < topics; topic++) {
        let sum = 0;
        for (let place = 0; place < words.length; place++)
          sum += (counts[place]! / norms[place]!) * this.#weights[topic * this.#words + words[place]!]!;
        next[topic] = this.#prior + weights[topic]! * sum;
        change += Math.abs(next[topic]! - mixture[topic]!);
      }
      mixture = next;
      weights = expectedShares(mixture, 0, topics);
      if (change / topics < TEXT_CHANGE) break;
    }
    normalize();
    return { mixture, weights, norms };
  }

  #weigh(): void {
    for (let topic = 0; topic < this.topics; topic++)
      this.#weights.set(expectedShares(this.parameters, topic * this.#words, this.#words), topic * this.#words);
  }
}

/** exp(E[ln share]) of a Dirichlet distribution, whose parameters are `length` values from `start` on. */
function expectedShares(parameters: Float64Array, start: number, length: number): Float64Array {
  const row = parameters.subarray(start, start + length);
  const whole = digamma(row.reduce((total, value) => total + value, 0));
  return row.map((value) => Math.exp(digamma(value) - whole));
}

/** A gamma variable of whole shape is a sum of so many exponential ones. */
function randomParameters(length: number, seed: number): Float64Array {
  const random = new RandomNumbers(seed, 'topics');
  return Float64Array.from({ length }, () => {
    let sum = 0;
    for (let draw = 0; draw < INITIAL_SHAPE; draw++) sum -= Math.log(1 - random.uniform());
    return sum / INITIAL_SHAPE;
  });
}
