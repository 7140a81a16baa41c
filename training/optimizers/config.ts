import { z } from 'zod';
import { TABLE_OPTIMIZERS } from './create-table-optimizer.ts';
import { ADAFACTOR_DEFAULTS, DENSE_OPTIMIZERS, LION_DEFAULTS } from './dense-optimizer-options.ts';
import { SCHEDULES } from './schedules.ts';

/** How weights and tables are changed. */
export const optimizerConfigSchema = z
  .strictObject({
    learningRate: z.number().positive().default(1e-3),
    /** Rate of the hash tables, whose rows are each seen in few steps. */
    tablesLearningRate: z.number().positive().default(3e-3),
    /** The optimiser of the dense weights; by default `adamw`. `adafactor` keeps next to nothing beside the weights, `lion` half of what AdamW keeps. */
    kind: z.enum(DENSE_OPTIMIZERS).optional(),
    /** With `kind: adafactor`; see adafactor.ts. `relativeStep` multiplies a weight's rate by the root mean square of its numbers. */
    adafactor: z
      .strictObject({
        decayExponent: z.number().positive().default(ADAFACTOR_DEFAULTS.decayExponent),
        clipThreshold: z.number().positive().default(ADAFACTOR_DEFAULTS.clipThreshold),
        relativeStep: z.boolean().default(ADAFACTOR_DEFAULTS.relativeStep),
      })
      .optional(),
    /** With `kind: lion`, whose betas are not those of Adam. */
    lion: z
      .strictObject({
        beta1: z.number().min(0).max(1).default(LION_DEFAULTS.beta1),
        beta2: z.number().min(0).max(1).default(LION_DEFAULTS.beta2),
      })
      .optional(),
    /** By default `adam`; `rowwise-adagrad` keeps one number a row where memory asks for it. */
    tables: z.enum(TABLE_OPTIMIZERS).optional(),
    beta1: z.number().min(0).max(1).default(0.9),
    beta2: z.number().min(0).max(1).default(0.95),
    epsilon: z.number().positive().default(1e-8),
    /** Decay of matrices; norms never decay. */
    weightDecay: z.number().nonnegative().default(0.1),
    /** Whether the dense embeddings (kinds of symbols) decay as other matrices do; they do by default. Hash tables never decay. */
    decayEmbeddings: z.boolean().optional(),
    /** Largest global norm of all gradients, dense and sparse together. */
    clipNorm: z.number().positive().default(1),
  })
  .refine(({ kind, adafactor }) => adafactor === undefined || kind === 'adafactor', {
    message: 'counts with kind: adafactor only; set that kind or remove it',
    path: ['adafactor'],
  })
  .refine(({ kind, lion }) => lion === undefined || kind === 'lion', {
    message: 'counts with kind: lion only; set that kind or remove it',
    path: ['lion'],
  });

/** How the learning rate goes over the steps. */
export const scheduleConfigSchema = z.strictObject({
  /** By default `cosine`. */
  kind: z.enum(SCHEDULES).optional(),
  warmupSteps: z.number().int().nonnegative().default(100),
  /** Share of the rate that the schedule ends with (BLT: 0.1). */
  finalShare: z.number().min(0).max(1).default(0.1),
  /** Share of the run in which `warmup-stable-decay` comes down; 0.1 by default. */
  decayShare: z.number().positive().max(1).optional(),
});
