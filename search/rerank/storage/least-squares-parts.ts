const STEPS = 50;

/** Parts of the numbers, and what each stands for. */
export interface ScalarParts {
  /** [parts - 1] ascending: a value below the first is part 0, one from the last on the last part. */
  readonly cutoffs: Float32Array;
  /** [parts] the mean of a part's values. */
  readonly weights: Float32Array;
}

/**
 * The parts of ascending values that lose least when each value is taken for the mean of its part, by Lloyd's steps from the quantiles.
 *
 * @param values one at least
 * Source: Lloyd, "Least squares quantization in PCM", 1982.
 */
export function leastSquaresParts(values: Float32Array, parts: number): ScalarParts {
  const sums = new Float64Array(values.length + 1);
  values.forEach((value, place) => {
    sums[place + 1] = sums[place]! + value;
  });
  let borders = Array.from({ length: parts + 1 }, (_, part) => Math.round((part * values.length) / parts));
  // A part without values keeps what it stood for, between its borders.
  let weights = Float64Array.from({ length: parts }, (_, part) => values[Math.floor(((part + 0.5) / parts) * values.length)]!);
  for (let step = 0; step < STEPS; step++) {
    weights = weights.map((before, part) => {
      const [from, to] = [borders[part]!, borders[part + 1]!];
      return to > from ? (sums[to]! - sums[from]!) / (to - from) : before;
    });
    const middles = Array.from({ length: parts - 1 }, (_, part) => (weights[part]! + weights[part + 1]!) / 2);
    borders = [0, ...middles.map((middle) => firstFrom(values, middle)), values.length];
  }
  return {
    cutoffs: Float32Array.from({ length: parts - 1 }, (_, part) => (weights[part]! + weights[part + 1]!) / 2),
    weights: Float32Array.from(weights),
  };
}

/** Place of the first of ascending values that is not below a bound. */
function firstFrom(values: Float32Array, bound: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
