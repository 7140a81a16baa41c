/** A part of the work that takes a while, as it is shown. */
export interface TrainingStage {
  progress(done: number, total: number, extra?: string): void;
  done(summary?: string): void;
  fail(): void;
}

/** Where training says how far it is. */
export interface TrainingListener {
  note(line: string): void;
  stage(name: string): TrainingStage;
}
