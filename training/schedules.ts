/**
 * Linear warm-up, then a cosine down to a share of the full rate.
 *
 * @param step from 0 on
 * @returns what the learning rate is multiplied by, in 0..1
 */
export function warmupCosine(step: number, options: { steps: number; warmupSteps: number; finalShare: number }): number {
  const { steps, warmupSteps, finalShare } = options;
  if (step < warmupSteps) return (step + 1) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  return finalShare + (1 - finalShare) * 0.5 * (1 + Math.cos(Math.PI * progress));
}
