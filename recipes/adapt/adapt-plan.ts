import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeFileAtomically } from '../../base/index.ts';

/** What this machine was measured to do. */
export interface MeasuredRates {
  /** Seconds that the teacher takes for one. */
  readonly passage: number;
  readonly sentence: number;
  /** Seconds of an optimiser step. */
  readonly step: number;
}

/** What there is to train on. */
export interface AdaptSizes {
  /** Passages and sentences of corpus and replay together. */
  readonly passages: number;
  readonly sentences: number;
  /** Share of them, 0 to 1, whose vectors are not at hand yet. */
  readonly unlabelled: number;
}

/** How a budget of time is spent. */
export interface AdaptBudget {
  readonly steps: number;
  /** Share of the texts, 0 to 1, that is labelled and trained on. */
  readonly share: number;
  /** Seconds that labelling is expected to take. */
  readonly labelling: number;
  /** Seconds that the steps are expected to take. */
  readonly training: number;
}

/** What of the budget the teacher may take: below it all texts are labelled, beyond it a sample. Steps over few texts learn them by heart, texts without steps teach nothing. */
const LABELLING_SHARE = 0.45;
/** What of the budget packing, measuring and writing take. */
const OVERHEAD_SHARE = 0.1;
/** Fewer steps than this change little beside the noise that a fresh optimiser brings. */
const FEWEST_STEPS = 20;

/** How many of the texts are labelled, and how many steps are left for, in so many seconds. */
export function adaptBudget(seconds: number, rates: MeasuredRates, sizes: AdaptSizes): AdaptBudget {
  const all = sizes.unlabelled * (sizes.passages * rates.passage + sizes.sentences * rates.sentence);
  const share = Math.min(1, all === 0 ? 1 : (LABELLING_SHARE * seconds) / all);
  const labelling = share * all;
  const steps = Math.max(FEWEST_STEPS, Math.floor((seconds * (1 - OVERHEAD_SHARE) - labelling) / rates.step));
  return { steps, share, labelling, training: steps * rates.step };
}

const planSchema = z.strictObject({
  format: z.literal('cem-adaptation'),
  version: z.literal(1),
  /** Content hash of the checkpoint that is adapted. */
  checkpoint: z.string(),
  seed: z.number().int(),
  steps: z.number().int().positive(),
  /** Documents of the corpus, and how many of them are trained on. */
  documents: z.number().int().positive(),
  sampled: z.number().int().positive(),
  replay: z.number().int().nonnegative(),
  replayOrigin: z.enum(['broad', 'installed packages', 'none']),
  sentences: z.number().int().positive(),
  stepSeconds: z.number().positive().nullable(),
});

/** What a run of `cem adapt` was planned as: a resumed one goes on with it, whatever the machine does by then. */
export type AdaptPlan = Omit<z.infer<typeof planSchema>, 'format' | 'version'>;

const PLAN_FILE = 'adaptation.json';

/** @throws FormatError `ADAPT_PLAN` for a file that cannot be understood */
export async function readAdaptPlan(run: string): Promise<AdaptPlan | undefined> {
  const found = await readJsonFile(join(run, PLAN_FILE), planSchema, {
    code: 'ADAPT_PLAN',
    what: 'the plan of an adaptation',
    remedy: 'it was made by another version or is damaged: begin another run with --run',
  });
  if (found === undefined) return undefined;
  const { format: _format, version: _version, ...plan } = found;
  return plan;
}

export async function writeAdaptPlan(run: string, plan: AdaptPlan): Promise<void> {
  const text = JSON.stringify({ format: 'cem-adaptation', version: 1, ...plan }, null, 2);
  await writeFileAtomically(join(run, PLAN_FILE), Buffer.from(`${text}\n`));
}
