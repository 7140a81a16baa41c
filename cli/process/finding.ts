/** What a probe found out. */
export interface Finding {
  readonly works: boolean;
  /** What it is, or why it does not work. */
  readonly detail: string;
  /** How to get it, where it does not work. */
  readonly advice?: string;
  /** Best measured rate of a square matrix product, for backends. */
  readonly gigaflops?: number;
}
