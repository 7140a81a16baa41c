import { existsSync } from 'node:fs';
import { pjrtAddonPath } from '../../../../../model/backend/xla/pjrt/addon.ts';
import { type FoundPlugin, findPjrtPlugins } from '../../../../../model/backend/xla/pjrt/index.ts';

/** The CPU's plugin; undefined where `npm run native -- --xla cpu` has not run. */
export function cpuPlugin(): FoundPlugin | undefined {
  if (!existsSync(pjrtAddonPath())) return undefined;
  return findPjrtPlugins({ asked: false }).find(({ kind }) => kind === 'cpu');
}

/** The body of the one test of a file where there is no plugin: says so. */
export function sayThatSkipped(): void {
  console.log('skipped: no XLA plugin for processors (npm run native -- --xla cpu)');
}
