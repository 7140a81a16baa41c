import type { tf } from '../../model/index.ts';
import { Adafactor } from './adafactor.ts';
import { AdamW } from './adamw.ts';
import type { DenseOptimizer } from './dense-optimizer.ts';
import { ADAFACTOR_DEFAULTS, type DenseOptimizerOptions, LION_DEFAULTS } from './dense-optimizer-options.ts';
import { Lion } from './lion.ts';

/** The optimiser of dense weights that a configuration names. */
export function createDenseOptimizer(weights: readonly tf.LayerVariable[], options: DenseOptimizerOptions): DenseOptimizer {
  const { kind = 'adamw', weightDecay, decayEmbeddings } = options;
  switch (kind) {
    case 'adamw':
      return new AdamW(weights, options);
    case 'adafactor':
      return new Adafactor(weights, { ...ADAFACTOR_DEFAULTS, ...options.adafactor, weightDecay, decayEmbeddings });
    case 'lion':
      return new Lion(weights, { ...LION_DEFAULTS, ...options.lion, weightDecay, decayEmbeddings });
  }
}
