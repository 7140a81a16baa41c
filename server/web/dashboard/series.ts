/** One quantity that a run measures; the three arrays have one length and grow. */
export interface Series {
  readonly step: number[];
  /** Time spent training until then, the time before a resumption included. */
  readonly seconds: number[];
  readonly value: number[];
}

/**
 * Exponential moving average, s_i = weight * s_(i-1) + (1 - weight) * v_i from s = 0, divided by 1 - weight^i: without that the first values would be drawn
 * towards 0.
 *
 * @param weight of what came before, 0 (the values themselves) to below 1
 */
export function smoothed(values: readonly number[], weight: number): number[] {
  let sum = 0;
  let remainder = 1;
  return values.map((value) => {
    sum = weight * sum + (1 - weight) * value;
    remainder *= weight;
    return sum / (1 - remainder);
  });
}

/**
 * Positions of values that draw the same picture as all of them: the least and the greatest of every stretch, in their order, with the first and the last of all.
 * A spike of one value stays, which averages would hide.
 *
 * @param points about as many positions as are wanted, at least 4; never more are given
 */
export function pictured(values: readonly number[], points: number): number[] {
  if (values.length <= points) return values.map((_, position) => position);
  const last = values.length - 1;
  const stretches = Math.floor((points - 2) / 2);
  const kept = new Set([0]);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const [from, to] = [stretch, stretch + 1].map((border) => 1 + Math.floor((border * (last - 1)) / stretches));
    let least = from!;
    let greatest = from!;
    for (let position = from!; position < to!; position++) {
      if (values[position]! < values[least]!) least = position;
      if (values[position]! > values[greatest]!) greatest = position;
    }
    kept.add(Math.min(least, greatest)).add(Math.max(least, greatest));
  }
  return [...kept.add(last)];
}
