import type { tf } from '../../model/index.ts';
import { ADAFACTOR_DEFAULTS, type DenseOptimizerOptions, LION_DEFAULTS } from '../optimizers/dense-optimizer-options.ts';
import { decayOf } from '../optimizers/weight-groups.ts';
import { AdafactorRule } from './adafactor-rule.ts';
import { AdamWRule } from './adamw-rule.ts';
import type { DenseRule } from './dense-rule.ts';
import { LionRule } from './lion-rule.ts';

/** The rule that a configuration names. */
export function createDenseRule(weights: readonly tf.LayerVariable[], options: DenseOptimizerOptions): DenseRule {
  const { kind = 'adamw', weightDecay, decayEmbeddings } = options;
  const decays = weights.map((weight) => decayOf(weight, options));
  switch (kind) {
    case 'adamw':
      return new AdamWRule(weights, decays, options);
    case 'adafactor':
      return new AdafactorRule(weights, decays, { ...ADAFACTOR_DEFAULTS, ...options.adafactor, weightDecay, decayEmbeddings });
    case 'lion':
      return new LionRule(weights, decays, { ...LION_DEFAULTS, ...options.lion });
  }
}
