import { z } from 'zod';

const positive = z.number().int().positive();

/** How an entropy model is trained. Defaults of optimiser and schedule: BLT's (facebookresearch/blt). */
export const entropyTrainingConfigSchema = z.strictObject({
  steps: positive.default(1000).describe('Optimiser steps of the whole run; the schedule ends with the last.'),
  batchSize: positive.default(8).describe("Pieces of the model's `context` bytes a step, cut from anywhere in the texts."),
  heldOutEvery: z
    .number()
    .int()
    .nonnegative()
    .max(1_000_000)
    .default(50)
    .describe('Every so many documents one is held out: it is not trained on, and says how well the model guesses. 0: none.'),
  heldOutBytes: positive
    .default(65_536)
    .describe('Bytes of held-out text that are looked at for each checkpoint, and for the threshold.'),
  optimizer: z
    .strictObject({
      learningRate: z.number().positive().default(3e-4).describe('Largest rate; the schedule takes shares of it.'),
      beta1: z.number().min(0).max(1).default(0.9).describe('Decay of the first moments.'),
      beta2: z.number().min(0).max(1).default(0.95).describe('Decay of the second moments.'),
      epsilon: z.number().positive().default(1e-8).describe('Added to the root of the second moments.'),
      weightDecay: z.number().nonnegative().default(0.1).describe('Decay of matrices; norms never decay.'),
      clipNorm: z.number().positive().default(1).describe('Largest global norm of the gradients.'),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      warmupSteps: z.number().int().nonnegative().default(100).describe('Steps in which the rate rises from 0.'),
      finalShare: z.number().min(0).max(1).default(0.1).describe('Share of the rate that the schedule ends with.'),
    })
    .prefault({}),
  logEvery: positive.default(10).describe('Steps between lines of `metrics.jsonl`.'),
  checkpointEvery: positive.default(500).describe('Steps between checkpoints; the last step has one too.'),
  keepCheckpoints: positive.default(2).describe('How many of the newest checkpoints stay.'),
});
export type EntropyTrainingConfig = z.infer<typeof entropyTrainingConfigSchema>;

/** For which patches a threshold is chosen once the model is trained. */
export const wantedPatchesSchema = z.strictObject({
  meanLength: z.number().min(1).describe("Bytes a patch on average; BLT's threshold gives 4.5 there."),
  monotonic: z.boolean().default(false).describe('Compare the growth of the entropy with the threshold, not the entropy.'),
  maximumLength: positive.optional().describe('Longer patches are cut greedily.'),
});
export type WantedPatches = z.infer<typeof wantedPatchesSchema>;
