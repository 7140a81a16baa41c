import type { LoadedEntropyPatcher } from '../../checkpoints/index.ts';
import type { TeacherProbe, TextEmbedder } from '../../encoders/index.ts';
import type { Granularity } from '../batches/granularity.ts';
import type { DevEvaluator } from '../options/dev-evaluator.ts';

/** What the steps of an encoder are made of, beside the configuration. */
export interface TrainingParts {
  readonly teacher: TextEmbedder;
  readonly dictionary: Uint8Array;
  readonly granularities: readonly Granularity[];
  /** Measures the model; absent: nothing does. */
  readonly dev?: DevEvaluator | undefined;
  /** Checkpoint of the query student, which goes into every checkpoint of this run. */
  readonly query?: string | undefined;
  /** What the teacher computes, which goes into every checkpoint as well. */
  readonly probe?: TeacherProbe | undefined;
  /** Decides where patches begin, with entropy patching. */
  readonly entropy?: LoadedEntropyPatcher | undefined;
}
