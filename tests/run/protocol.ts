/** What the runner asks of a worker: run this test file. */
export interface FileRequest {
  /** Path below the tests' folder, for people. */
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
}

/** What a worker answers when a file is through. */
export interface FileResult {
  readonly name: string;
  readonly total: number;
  readonly passed: number;
  readonly skipped: number;
  /** Why the file itself is a failure although no test of it failed. */
  readonly problem?: string;
}

/** Written to both outputs of a worker after each file: what came before belongs to that file. */
export const END_OF_FILE = '\u0000end of file\u0000\n';
