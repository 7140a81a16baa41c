import type { CandidateChoice } from '../../eval/index.ts';
import type { Scoring } from '../../search/index.ts';
import type { OnBackend } from '../shared/backend.ts';
import type { LongCall } from '../shared/call.ts';
import type { TransformersOptions } from '../shared/encoder-choice.ts';

export interface EvaluateOptions extends LongCall, OnBackend, TransformersOptions {
  /** A checkpoint, or a run folder (its newest checkpoint). */
  readonly checkpoint?: string | undefined;
  /** What to evaluate instead of a checkpoint's teacher and student: student, teacher, transformers:MODEL, lsa, lsa:FOLDER, vectors:FILE.npy or random. */
  readonly encoder?: string | undefined;
  /** Queries of `vectors:FILE.npy`; `FILE.queries.npy` by default. */
  readonly queryVectors?: string | undefined;
  /** Rows, separated by commas: teacher, student, query-student, bm25, random, lsa, vectors. */
  readonly encoders?: string | undefined;
  /** A folder in BEIR layout. */
  readonly data: string;
  /** Whose queries: `qrels/<split>.tsv`; `test` unless given. */
  readonly split?: string | undefined;
  /** Rank the whole corpus, which is the default, or only the documents that the split judges. */
  readonly candidates?: CandidateChoice | undefined;
  /** What documents are packed with: `run` (the training corpus' dictionary, the default with a checkpoint), `corpus`, `none`, or a file. */
  readonly dictionary?: string | undefined;
  /**
   * Bytes of text of the passages that student and teacher are ranked by, the best of each document; 0: documents, and chunks, have one vector each. By default as the checkpoint's
   * corpus was packed, else 0.
   */
  readonly passageSize?: number | undefined;
  /** Bytes that a passage shares with the one before it, at most; by default as the checkpoint's corpus was packed, else 0. */
  readonly passageOverlap?: number | undefined;
  /** How a document's score comes from those of its passages; that of the best one unless given. */
  readonly scoring?: Scoring | undefined;
  /** Compress so many neighbouring documents in one frame, and have the student read each from there: not with passages. */
  readonly windowDocuments?: number | undefined;
  /** Folder in which teachers are looked up before the hub. */
  readonly models?: string | undefined;
  /** Leave the document with a query's own id out of its ranking, where queries are documents too; by default as the data say. */
  readonly dropOwnId?: boolean | undefined;
  /** Folder for vectors and results; the same call again goes on where it was stopped. */
  readonly output?: string | undefined;
  /** The data's, for the results in MTEB's form; `eng-Latn` unless given. */
  readonly language?: string | undefined;
}
