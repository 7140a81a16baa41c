import { RandomNumbers } from '../../base/index.ts';
import { splitWords } from '../../encoders/index.ts';
import { NOISE_EXAMPLES } from './noise-examples.ts';
import { type BlockLabel, NOISE_KINDS } from './noise-kinds.ts';

const LABELS: readonly BlockLabel[] = ['content', ...NOISE_KINDS];
/** Places that features are hashed to. */
const BUCKETS = 1 << 13;
const EPOCHS = 30;
const RATE = 0.5;
/** What weights lose of themselves in a step: few examples, many features. */
const DECAY = 1e-4;
/** Share of a text's words that must be known. */
const KNOWN_SHARE = 0.6;

/**
 * Tells advertisements, disclaimers and what stands beside a text (related articles, comments, share buttons) from content, by a multinomial logistic regression over hashed words, neighbouring words and the shape of a line. It
 * has some hundred kilobytes, needs no model file, and reads ten thousand blocks in about a second.
 */
export class NoiseClassifier {
  /** [labels, buckets] */
  readonly #weights: readonly Float32Array[];
  /** Buckets of words that the examples have. */
  readonly #known: ReadonlySet<number>;

  private constructor(weights: readonly Float32Array[], known: ReadonlySet<number>) {
    this.#weights = weights;
    this.#known = known;
  }

  /** Trains on lines by label; the same lines give the same classifier. */
  static train(examples: Readonly<Record<BlockLabel, readonly string[]>>): NoiseClassifier {
    const weights = LABELS.map(() => new Float32Array(BUCKETS));
    const lines = LABELS.flatMap((label, place) => examples[label].map((text) => ({ place, features: featuresOf(text) })));
    const random = new RandomNumbers(0, 'examples of noise');
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const rate = RATE / (1 + epoch / 10);
      for (let step = 0; step < lines.length; step++) {
        const { place, features } = lines[random.integer(lines.length)]!;
        const probabilities = softmax(weights.map((own) => dot(own, features)));
        for (const [label, own] of weights.entries()) {
          const error = (label === place ? 1 : 0) - probabilities[label]!;
          for (const [bucket, value] of features) own[bucket] = own[bucket]! * (1 - rate * DECAY) + rate * error * value;
        }
      }
    }
    const words = LABELS.flatMap((label) => examples[label]).flatMap((text) => splitWords(text).map(wordBucket));
    return new NoiseClassifier(weights, new Set(words));
  }

  /** The most probable label of a block's text, and how probable it is, 0 to 1. A text of which the examples have less than `KNOWN_SHARE` of the words is content: nothing is known of it. */
  classify(text: string): { readonly label: BlockLabel; readonly probability: number } {
    const words = splitWords(text);
    const known = words.filter((word) => this.#known.has(wordBucket(word))).length;
    if (known < KNOWN_SHARE * words.length || words.length === 0) return { label: 'content', probability: 1 };
    const features = featuresOf(text);
    const probabilities = softmax(this.#weights.map((own) => dot(own, features)));
    const best = probabilities.indexOf(Math.max(...probabilities));
    return { label: LABELS[best]!, probability: probabilities[best]! };
  }
}

let shipped: NoiseClassifier | undefined;

/** The classifier of the examples that come with the package: English and Chinese. It is trained when it is asked for first, which takes some tenths of a second. */
export function noiseClassifier(): NoiseClassifier {
  shipped ??= NoiseClassifier.train(NOISE_EXAMPLES);
  return shipped;
}

/** What the shape of a line says beside its words. */
const SHAPES: readonly (readonly [string, RegExp])[] = [
  ['exclaims', /[!！]/u],
  ['percent', /\d\s*%|[一二三四五六七八九\d]折/u],
  ['price', /[$€£¥]\s*\d|\d+(?:\.\d+)?\s*元/u],
  ['telephone', /\d{3,4}-\d{3,4}(?:-\d{4})?/u],
  ['asks', /[?？]\s*\S*\s*\S*$/u],
  ['ends as a sentence', /[.。;；]$/u],
  ['label before a colon', /^[^\s:：]{1,10}[:：]/u],
];

/** Buckets with values, of length 1 together. */
function featuresOf(text: string): Map<number, number> {
  const words = splitWords(text);
  const names = words.map(wordName);
  for (let place = 0; place + 1 < words.length; place++) names.push(`p ${words[place]} ${words[place + 1]}`);
  for (const [name, pattern] of SHAPES) if (pattern.test(text)) names.push(`s ${name}`);
  names.push(`l ${Math.min(6, Math.floor(Math.log2(1 + words.length)))}`);
  const counts = new Map<number, number>();
  for (const name of names) counts.set(bucketOf(name), 1);
  const scale = 1 / Math.sqrt(counts.size);
  for (const bucket of counts.keys()) counts.set(bucket, scale);
  // What all lines have: how frequent labels are.
  return counts.set(0, 0.2);
}

/** Numbers are one word. */
function wordName(word: string): string {
  return `w ${/^\d+$/u.test(word) ? '0' : word}`;
}

function wordBucket(word: string): number {
  return bucketOf(wordName(word));
}

/** FNV-1a of 32 bits over UTF-16 units; bucket 0 is none of a feature's. */
function bucketOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < name.length; place++) hash = Math.imul(hash ^ name.charCodeAt(place), 0x01000193) >>> 0;
  return 1 + (hash % (BUCKETS - 1));
}

function dot(weights: Float32Array, features: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const [bucket, value] of features) sum += weights[bucket]! * value;
  return sum;
}

function softmax(scores: readonly number[]): number[] {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
