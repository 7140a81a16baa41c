import type { Listener } from '../../base/index.ts';

/** A stage and how long it took. */
export interface StageTime {
  readonly name: string;
  readonly seconds: number;
}

/** Notes how long stages take. */
export class StageClock {
  readonly times: StageTime[] = [];

  /** Runs one stage. */
  async time<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const start = performance.now();
    const value = await work();
    this.add(name, start);
    return value;
  }

  /** A reporter that passes everything on and notes each stage that is done. */
  watch(reporter: Listener): Listener {
    return {
      note: (line) => reporter.note(line),
      stage: (name) => {
        const start = performance.now();
        const stage = reporter.stage(name);
        return {
          ...stage,
          done: (summary) => {
            this.add(name, start);
            stage.done(summary);
          },
        };
      },
    };
  }

  /** Notes a stage that is done, and that began at this time of `performance.now()`. */
  add(name: string, start: number): void {
    this.times.push({ name, seconds: (performance.now() - start) / 1000 });
  }
}
