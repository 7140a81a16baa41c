import { z } from 'zod';

/** What every point of a curve may spend: so many optimiser steps, or so many minutes of them. */
export type CurveBudget = { readonly steps: number } | { readonly minutes: number };

/** Where a curve was written. */
export interface CurveFiles {
  readonly json: string;
  readonly markdown: string;
  readonly picture: string;
}

/** What was measured of a point, as it stands in its `point.json`. */
const measuredSchema = z.strictObject({
  steps: z.number(),
  /** Mean of the last line of the metrics; null where a point that had been trained was only measured. */
  loss: z.number().nullable(),
  /** Saving on the evaluation's documents, packed as the run's were and with its dictionary; 0 for the input `text`, which needs them as they are. */
  saving: z.number(),
  retention: z.number().nullable(),
  /** nDCG@10 by row. */
  ndcg: z.strictObject({ teacher: z.number(), student: z.number(), bm25: z.number(), random: z.number() }),
  /** Training with packing and labelling; of a point that was gone on with, since then. */
  seconds: z.number(),
});

/** One run of the curve and what it reached. */
export interface CurvePoint extends z.infer<typeof measuredSchema> {
  readonly name: string;
  readonly settings: string;
  readonly run: string;
  readonly input: string;
  readonly level: number;
  /** Bytes. */
  readonly dictionary: number;
  /** Largest compressed bytes of a chunk. */
  readonly chunk: number;
}

/** A curve, as it is kept in `curve.json`. */
export interface CurveResult {
  readonly config: string;
  readonly budget: CurveBudget;
  readonly data: string;
  readonly split: string;
  readonly candidates: 'judged' | 'corpus';
  readonly backend: string;
  /** In the order of the settings. */
  readonly points: readonly CurvePoint[];
  readonly planned: number;
  /** Whether a signal ended it before its last point. */
  readonly interrupted: boolean;
  readonly files: CurveFiles;
}

export const pointSchema = measuredSchema.extend({ backend: z.string() });
