import type { CandidateChoice } from '../../eval/index.ts';
import type { TransformersOptions } from '../options/encoder-options.ts';

/** Options of `cem eval`. */
export interface EvalOptions extends TransformersOptions {
  readonly checkpoint?: string | undefined;
  readonly encoder?: string | undefined;
  readonly queryVectors?: string | undefined;
  /** Rows, separated by commas. */
  readonly encoders?: string | undefined;
  readonly data: string;
  readonly split: string;
  readonly candidates: CandidateChoice;
  readonly dictionary?: string | undefined;
  readonly models: string | undefined;
  /** By default as the data say. */
  readonly dropOwnId?: boolean | undefined;
  readonly output?: string | undefined;
  readonly language?: string | undefined;
}
