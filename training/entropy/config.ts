import { z } from 'zod';

const positive = z.number().int().positive();

/** How an entropy model is trained. Defaults of optimiser and schedule: BLT's (facebookresearch/blt). */
export const entropyTrainingConfigSchema = z.strictObject({
  /** Optimiser steps of the whole run; the schedule ends with the last. */
  steps: positive.default(1000),
  /** Pieces of the model's `context` bytes a step, cut from anywhere in the texts. */
  batchSize: positive.default(8),
  /** Every so many documents one is held out: it is not trained on, and says how well the model guesses. 0: none. */
  heldOutEvery: z.number().int().nonnegative().max(1_000_000).default(50),
  /** Bytes of held-out text that are looked at for each checkpoint, and for the threshold. */
  heldOutBytes: positive.default(65_536),
  optimizer: z
    .strictObject({
      learningRate: z.number().positive().default(3e-4),
      beta1: z.number().min(0).max(1).default(0.9),
      beta2: z.number().min(0).max(1).default(0.95),
      epsilon: z.number().positive().default(1e-8),
      weightDecay: z.number().nonnegative().default(0.1),
      /** Largest global norm of the gradients. */
      clipNorm: z.number().positive().default(1),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      warmupSteps: z.number().int().nonnegative().default(100),
      finalShare: z.number().min(0).max(1).default(0.1),
    })
    .prefault({}),
  logEvery: positive.default(10),
  checkpointEvery: positive.default(500),
  /** How many of the newest checkpoints stay. */
  keepCheckpoints: positive.default(2),
});
export type EntropyTrainingConfig = z.infer<typeof entropyTrainingConfigSchema>;

/** For which patches a threshold is chosen once the model is trained. */
export const wantedPatchesSchema = z.strictObject({
  /** Bytes a patch on average; BLT's threshold gives 4.5 there. */
  meanLength: z.number().min(1),
  monotonic: z.boolean().default(false),
  /** Longer patches are cut greedily. */
  maximumLength: positive.optional(),
});
export type WantedPatches = z.infer<typeof wantedPatchesSchema>;
