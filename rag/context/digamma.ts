/** From here on the series is exact to double precision. */
const ASYMPTOTIC = 10;

/** The derivative of ln Γ, for x > 0: psi(x) = psi(x + 1) - 1/x up to 10, then the asymptotic series (Abramowitz and Stegun 6.3.5 and 6.3.18). */
export function digamma(x: number): number {
  let value = x;
  let shift = 0;
  while (value < ASYMPTOTIC) {
    shift -= 1 / value;
    value += 1;
  }
  const square = 1 / (value * value);
  const series =
    square *
    (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square * (1 / 132 - square * (691 / 32760))))));
  return shift + Math.log(value) - 1 / (2 * value) - series;
}
