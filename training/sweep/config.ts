import { z } from 'zod';

/** A value of the configuration, as YAML has it. */
const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const choices = z.array(value).min(1, 'needs at least one value');

/** Where a number is drawn from: evenly, or evenly in its logarithm; whole numbers with `integer`. */
const rangeSchema = z
  .strictObject({
    minimum: z.number(),
    maximum: z.number(),
    log: z.boolean().optional(),
    integer: z.boolean().optional(),
  })
  .refine(({ minimum, maximum }) => minimum <= maximum, { path: ['maximum'], message: 'must not be below minimum' })
  .refine(({ minimum, maximum, integer }) => !integer || Math.ceil(minimum) <= maximum, {
    path: ['maximum'],
    message: 'leaves no whole number between minimum and itself',
  })
  .refine(({ minimum, log }) => !log || minimum > 0, { path: ['minimum'], message: 'must be above 0 with log' });

const notEmpty = (paths: Readonly<Record<string, unknown>>): boolean => Object.keys(paths).length > 0;

/** What the trials of a sweep are ranked by. */
const SWEEP_METRICS = ['loss', 'ndcg@10', 'retention'] as const;

/** `sweep` of a configuration: either `grid`, every combination of the values, or `random`, which draws `trials` of them. */
export const sweepConfigSchema = z
  .strictObject({
    grid: z
      .record(z.string(), choices)
      .refine(notEmpty, 'names no key to vary')
      .optional()
      .describe('Values by the path of a key, such as `training.optimizer.learningRate: [0.001, 0.002]`.'),
    random: z
      .record(z.string(), z.union([choices, rangeSchema]))
      .refine(notEmpty, 'names no key to vary')
      .optional()
      .describe('A range, or values to choose from, by the path of a key.'),
    trials: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('How many are drawn; of a grid: how many of its first combinations are trained, all by default.'),
    seed: z
      .number()
      .int()
      .default(1)
      .describe('Seed of what is drawn. A larger number of trials begins with those of a smaller one.'),
    metric: z
      .enum(SWEEP_METRICS)
      .optional()
      .describe('By default `ndcg@10` where the run is evaluated on `data.dev`, else `loss`.'),
  })
  .superRefine(({ grid, random, trials }, context) => {
    if ((grid === undefined) === (random === undefined))
      context.addIssue({ code: 'custom', message: `needs either grid or random, and has ${grid ? 'both' : 'neither'}` });
    if (random !== undefined && trials === undefined)
      context.addIssue({ code: 'custom', path: ['trials'], message: 'random ranges need to know how many trials there are' });
  });
export type SweepConfig = z.infer<typeof sweepConfigSchema>;
export type SweepMetric = (typeof SWEEP_METRICS)[number];
