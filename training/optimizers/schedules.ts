/** Shapes of the learning rate after its linear warm-up. */
export const SCHEDULES = ['cosine', 'linear', 'constant', 'warmup-stable-decay'] as const;

export interface ScheduleOptions {
  /** By default `cosine`. */
  readonly kind?: (typeof SCHEDULES)[number] | undefined;
  /** Steps of the whole run. */
  readonly steps: number;
  readonly warmupSteps: number;
  /** Share of the full rate that the schedule ends with. */
  readonly finalShare: number;
  /** Share of the run in which `warmup-stable-decay` comes down. */
  readonly decayShare?: number | undefined;
}

/** Hu et al. 2024 (MiniCPM) let the last tenth of a run decay. */
const DECAY_SHARE = 0.1;

/**
 * Linear warm-up, then down to a share of the full rate: along a cosine, along a line, not at all, or (WSD: Hu et al. 2024, MiniCPM) along a line at the end only.
 *
 * @param step from 0 on
 * @returns what the learning rate is multiplied by, in 0..1
 */
export function learningRateShare(step: number, options: ScheduleOptions): number {
  const { kind = 'cosine', steps, warmupSteps, finalShare, decayShare = DECAY_SHARE } = options;
  if (step < warmupSteps) return (step + 1) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  switch (kind) {
    case 'cosine':
      return finalShare + (1 - finalShare) * 0.5 * (1 + Math.cos(Math.PI * progress));
    case 'linear':
      return finalShare + (1 - finalShare) * (1 - progress);
    case 'constant':
      return 1;
    case 'warmup-stable-decay': {
      const decaySteps = Math.max(1, Math.round(decayShare * steps));
      return finalShare + (1 - finalShare) * Math.min(1, Math.max(0, steps - step) / decaySteps);
    }
  }
}
