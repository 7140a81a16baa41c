import { z } from 'zod';

const positive = z.number().int().positive();

/** Shape of an image tower, apart from the length of its vectors, which is its teacher's. */
export const imageTowerShapeSchema = z
  .strictObject({
    size: positive.default(64).describe('Pixels of a side that pictures are brought to.'),
    channels: z
      .array(positive)
      .min(1)
      .default([24, 48, 96, 192])
      .describe('Numbers of a place after each stage; each stage halves the sides.'),
    blocks: positive.default(1).describe('Convolutions of each stage.'),
    epsilon: z.number().positive().default(1e-6).describe('Added to variances in the normalisation.'),
  })
  .superRefine(({ size, channels }, context) => {
    const step = 2 ** channels.length;
    if (size % step === 0) return;
    context.addIssue({
      code: 'custom',
      path: ['size'],
      message: `is ${size}, and ${channels.length} stages halve it: give a multiple of ${step}`,
    });
  });

export type ImageTowerShape = z.infer<typeof imageTowerShapeSchema>;

/** Decides the shape of every weight of an image tower. */
export interface ImageTowerConfig {
  readonly shape: ImageTowerShape;
  /** Length of the vectors. */
  readonly dimension: number;
}
