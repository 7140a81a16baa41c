/** What an optimiser step says of itself. */
export interface StepResult {
  readonly loss: number;
  /** Unweighted loss terms, `granularity/term`. */
  readonly terms: Readonly<Record<string, number>>;
  /** Global norm of all gradients before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
}
