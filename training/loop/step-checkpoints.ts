import { existsSync } from 'node:fs';
import type { StepHook, TakenStep } from './run-steps.ts';

interface StepCheckpointsOptions {
  /** Step of the checkpoint that the run began with; 0 where there was none. */
  readonly first: number;
  readonly every: number;
  /** Where a step's checkpoint lies. */
  path(step: number): string;
  save(step: number): Promise<void>;
  /** Whether a step that is not due is kept as well. */
  readonly alsoAt?: (step: number) => boolean;
}

/** Writes checkpoints while steps are taken, and one where they end. */
export class StepCheckpoints implements StepHook {
  readonly #options: StepCheckpointsOptions;
  #newest: number;

  constructor(options: StepCheckpointsOptions) {
    this.#options = options;
    this.#newest = options.first;
  }

  /** Step of the newest one. */
  get newest(): number {
    return this.#newest;
  }

  async afterStep({ done, last }: TakenStep): Promise<void> {
    const { every, alsoAt } = this.#options;
    if (!last && (done % every === 0 || alsoAt?.(done))) await this.#save(done);
  }

  async atEnd(done: number): Promise<void> {
    if (this.#newest !== done || !existsSync(this.#options.path(done))) await this.#save(done);
  }

  async #save(step: number): Promise<void> {
    await this.#options.save(step);
    this.#newest = step;
  }
}
