import { formatBytes, formatTable } from '../../base/index.ts';
import type { StackBytes, StoragePlan } from '../../recipes/plan/index.ts';

/** A plan as people read it: the same rows for both ways of storing, then the workers, then what was assumed. */
export function formatStoragePlan({ documents, passages, text, row, plan, usual, workers, assumed }: StoragePlan): string {
  const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
  const dollars = (value: number): string => `$${value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 2 : 0 })}`;
  const line = (name: string, of: (stack: StackBytes) => string): string[] => [name, of(plan), of(usual)];
  const { prices } = assumed;
  return [
    `${whole(documents)} documents, ${whole(passages)} passages, ${formatBytes(text)} of text`,
    '',
    formatTable(
      ['', 'this', `text as it is, float32 x ${assumed.usualDimension} in a graph in memory`],
      [
        line('object storage', ({ object }) => formatBytes(object)),
        line('PostgreSQL', ({ database }) => formatBytes(database)),
        line('memory for codes or graph', ({ memory }) => formatBytes(memory)),
        line('a month', ({ dollarsMonth }) => dollars(dollarsMonth)),
      ],
    ),
    '',
    `a passage   ${whole(row.store)} bytes in the store, ${whole(row.graph)} in its graph, ${whole(row.terms)} in terms`,
    `ingesting   ${whole(workers.coreHours)} hours of a core: ${whole(workers.count)} workers of ${workers.cores} cores take ${workers.hours.toFixed(1)} h, ${dollars(workers.dollars)}`,
    `assumed     ${assumed.passageBytes} bytes a passage, ${(100 * assumed.saving).toFixed(1)} % saved, ${assumed.dimension} values as ${assumed.precision}, ${assumed.rate} passages a second of a core`,
    `prices      ${prices.object} and ${prices.disk} dollars a GB of object storage and disk a month, ${prices.memory} of memory, ${prices.core} a core and hour`,
  ].join('\n');
}
