import type { LsaConfig } from '../teacher-config.ts';
import type { TfIdf } from './tf-idf.ts';

/** What a fitted LSA consists of; enough to rebuild it bit for bit. */
export interface LsaParts {
  readonly config: LsaConfig;
  /** Texts that it was fitted on. */
  readonly fittedOn: number;
  readonly tfIdf: TfIdf;
  readonly dimension: number;
  /** [dimension] singular values of the training matrix, descending. */
  readonly singularValues: Float32Array;
  /** Row-major [terms, dimension]: right singular vectors. */
  readonly components: Float32Array;
}
