import { z } from 'zod';
import { TABLE_OPTIMIZERS } from './create-table-optimizer.ts';
import { ADAFACTOR_DEFAULTS, DENSE_OPTIMIZERS, LION_DEFAULTS } from './dense-optimizer-options.ts';
import { SCHEDULES } from './schedules.ts';

/** How weights and tables are changed. */
export const optimizerConfigSchema = z
  .strictObject({
    learningRate: z
      .number()
      .positive()
      .default(1e-3)
      .describe('Largest rate of the dense weights; the schedule takes shares of it.'),
    tablesLearningRate: z
      .number()
      .positive()
      .default(3e-3)
      .describe('Rate of the hash tables, whose rows are each seen in few steps.'),
    kind: z
      .enum(DENSE_OPTIMIZERS)
      .optional()
      .describe(
        'The optimiser of the dense weights; by default `adamw`. `adafactor` keeps next to nothing beside the weights, `lion` half of what AdamW keeps.',
      ),
    adafactor: z
      .strictObject({
        decayExponent: z
          .number()
          .positive()
          .default(ADAFACTOR_DEFAULTS.decayExponent)
          .describe('The second moments of step t decay by 1 - t^-decayExponent.'),
        clipThreshold: z
          .number()
          .positive()
          .default(ADAFACTOR_DEFAULTS.clipThreshold)
          .describe("Largest root mean square of a weight's update before the learning rate."),
        relativeStep: z
          .boolean()
          .default(ADAFACTOR_DEFAULTS.relativeStep)
          .describe("Whether a weight's rate is multiplied by the root mean square of its numbers."),
      })
      .optional()
      .describe(
        "With `kind: adafactor`; see adafactor.ts. `relativeStep` multiplies a weight's rate by the root mean square of its numbers.",
      ),
    lion: z
      .strictObject({
        beta1: z.number().min(0).max(1).default(LION_DEFAULTS.beta1).describe('Share of the moment in the direction of a step.'),
        beta2: z.number().min(0).max(1).default(LION_DEFAULTS.beta2).describe('Decay of the moment.'),
      })
      .optional()
      .describe('With `kind: lion`, whose betas are not those of Adam.'),
    tables: z
      .enum(TABLE_OPTIMIZERS)
      .optional()
      .describe('By default `adam`; `rowwise-adagrad` keeps one number a row where memory asks for it.'),
    beta1: z.number().min(0).max(1).default(0.9).describe('Decay of the first moments.'),
    beta2: z.number().min(0).max(1).default(0.95).describe('Decay of the second moments.'),
    epsilon: z.number().positive().default(1e-8).describe('Added to the root of the second moments.'),
    weightDecay: z.number().nonnegative().default(0.1).describe('Decay of matrices; norms never decay.'),
    decayEmbeddings: z
      .boolean()
      .optional()
      .describe(
        'Whether the dense embeddings (kinds of symbols) decay as other matrices do; they do by default. Hash tables never decay.',
      ),
    clipNorm: z.number().positive().default(1).describe('Largest global norm of all gradients, dense and sparse together.'),
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
  kind: z.enum(SCHEDULES).optional().describe('By default `cosine`.'),
  warmupSteps: z.number().int().nonnegative().default(100).describe('Steps in which the rate rises from 0.'),
  finalShare: z.number().min(0).max(1).default(0.1).describe('Share of the rate that the schedule ends with (BLT: 0.1).'),
  decayShare: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('Share of the run in which `warmup-stable-decay` comes down; 0.1 by default.'),
});
