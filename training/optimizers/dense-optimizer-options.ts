import type { AdafactorOptions } from './adafactor.ts';
import type { AdamWOptions } from './adamw.ts';
import type { LionOptions } from './lion.ts';
import type { DecayOptions } from './weight-groups.ts';

/** Values of `training.optimizer.kind`. */
export const DENSE_OPTIMIZERS = ['adamw', 'adafactor', 'lion'] as const;

/** Shazeer and Stern 2018: second moments that decay by 1 - t^-0.8, updates clipped at 1. */
export const ADAFACTOR_DEFAULTS = { decayExponent: 0.8, clipThreshold: 1, relativeStep: false };

/** Chen et al. 2023. */
export const LION_DEFAULTS = { beta1: 0.9, beta2: 0.99 };

/** Settings of all optimisers of dense weights, of which `kind` says which count. */
export interface DenseOptimizerOptions extends AdamWOptions {
  /** By default `adamw`. */
  readonly kind?: (typeof DENSE_OPTIMIZERS)[number] | undefined;
  readonly adafactor?: Omit<AdafactorOptions, keyof DecayOptions> | undefined;
  /** Lion's own betas: `beta1` and `beta2` beside it stay those of the tables' Adam. */
  readonly lion?: Omit<LionOptions, keyof DecayOptions> | undefined;
}
