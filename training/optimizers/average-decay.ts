/** The decay of step t is (FIRST + t) / (LAST + t) as long as that is less (TensorFlow's ExponentialMovingAverage with num_updates): the weights that a run began with are soon forgotten. */
const FIRST = 1;
const LAST = 10;

/** @param step from 1 on */
export function averageDecay(decay: number, step: number): number {
  return Math.min(decay, (FIRST + step) / (LAST + step));
}

/** What is left of an average after the steps `from` + 1 to `to`: the product of their decays. */
export function keptShare(decay: number, from: number, to: number): number {
  /** The last step whose decay is less than the full one. */
  const warmUp = Math.max(0, Math.ceil((LAST * decay - FIRST) / (1 - decay)) - 1);
  const [first, last] = [Math.min(from, warmUp), Math.min(to, warmUp)];
  let share = decay ** (to - last - (from - first));
  // Of the product of (FIRST + t) / (LAST + t), all but the factors at both ends cancel out.
  if (first < last) for (let k = FIRST + 1; k <= LAST; k++) share *= (first + k) / (last + k);
  return share;
}
