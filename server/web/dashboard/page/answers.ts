/** How a run stands, as the page is told again and again. */
export interface RunState {
  /** The run's folder: below the folder of runs, or as it was named. */
  readonly id: string;
  /** Last step that was measured, 0 before there is one. */
  readonly step: number;
  /** The last there will be, where its configuration says so. */
  readonly steps: number | null;
  /** Lines that were read of its metrics: 0 is a run that waits for its first. */
  readonly lines: number;
  /** When its metrics were last written, in milliseconds since 1970; 0 before that. */
  readonly updated: number;
  /** Another number whenever there is something new to draw. */
  readonly version: number;
  /** Why its metrics cannot be read, where they cannot. */
  readonly problem?: string;
}

/** `GET /api/runs`. */
export interface RunsAnswer {
  /** Where the runs lie; null when they were named one by one. */
  readonly folder: string | null;
  readonly runs: readonly RunState[];
}

/** Points of one quantity, thinned out; all arrays have one length. */
export interface PointsAnswer {
  readonly step: readonly number[];
  /** Time spent training, the time before a resumption included. */
  readonly seconds: readonly number[];
  readonly value: readonly number[];
  /** Smoothed over all values, not over the thinned ones; only where smoothing was asked for. */
  readonly smooth?: readonly number[];
}

/** `GET /api/series?run=…`: what a run measured, by the path of the quantity in a line of its metrics, e.g. `terms/passages/info_nce`. */
export interface SeriesAnswer {
  readonly run: string;
  readonly version: number;
  readonly series: Readonly<Record<string, PointsAnswer>>;
}

/** The form of every answer that is no success. */
export interface Refusal {
  readonly error: { readonly code: string; readonly message: string };
}
