import { setTimeout } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';
import type { JobCounts } from '../../recipes/index.ts';

/** A database that is out of reach may keep one waiting: who reads the figures waits no longer than this. */
const LONGEST_MS = 1_000;

/** Figures of the jobs of `cem worker`. @param read where it rejects, or takes longer than a second, these figures are left out and all others are told */
export function countJobs(registry: Registry, read: () => Promise<JobCounts>): void {
  let reading: Promise<JobCounts | undefined> | undefined;
  // Both gauges are collected at the same time; one that takes long is not asked again meanwhile.
  const counts = (): Promise<JobCounts | undefined> => {
    reading ??= read()
      .catch(() => undefined)
      .finally(() => {
        reading = undefined;
      });
    return Promise.race([reading, setTimeout(LONGEST_MS, undefined, { ref: false })]);
  };
  const registers = [registry];
  new Gauge({
    name: 'cem_worker_jobs',
    help: 'Files that workers of shared collections have to do (waiting), do (active), did within half a day (completed), and that are not tried any more (set_aside)',
    labelNames: ['state'],
    registers,
    async collect() {
      const jobs = await counts();
      this.reset();
      if (jobs === undefined) return;
      const { waiting, active, completed, setAside } = jobs;
      for (const [state, count] of Object.entries({ waiting, active, completed, set_aside: setAside }))
        this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'cem_workers',
    help: 'Workers of shared collections that were heard of within a minute',
    registers,
    async collect() {
      const jobs = await counts();
      if (jobs === undefined) this.remove();
      else this.set(jobs.workers);
    },
  });
}
