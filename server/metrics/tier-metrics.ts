import { Counter, Gauge, type Registry } from 'prom-client';
import type { TierCounts } from '../../search/index.ts';

/** Figures of hot passages, which all together are of the collections that are open. @param read undefined where no tiers are kept */
export function countTiers(registry: Registry, read: () => TierCounts | undefined): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: (counts: TierCounts | undefined) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(read()));
      },
    });
  };
  gauge('cem_hot_passages', 'Passages whose codes are kept in memory as hot', (counts) => counts?.rows ?? 0);
  gauge('cem_hot_passages_room', 'Passages that may be hot', (counts) => counts?.room ?? 0);
  new Counter({
    name: 'cem_tier_moves_total',
    help: 'Passages that became hot (promoted), and that are not any more (demoted)',
    labelNames: ['move'],
    registers,
    collect() {
      const { promoted = 0, demoted = 0 } = read() ?? {};
      this.reset();
      this.inc({ move: 'promoted' }, promoted);
      this.inc({ move: 'demoted' }, demoted);
    },
  });
  new Counter({
    name: 'cem_tier_results_total',
    help: 'Results of searches that were hot, and that were not',
    labelNames: ['tier'],
    registers,
    collect() {
      const { hotResults = 0, coldResults = 0 } = read() ?? {};
      this.reset();
      this.inc({ tier: 'hot' }, hotResults);
      this.inc({ tier: 'cold' }, coldResults);
    },
  });
}
