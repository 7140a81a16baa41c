import { UsageError } from '../../base/index.ts';
import type { CollectionSettings } from '../ingest/ingest-options.ts';

/**
 * That workers can do all that a collection has done with its files: they make neither vector groups nor stored pictures yet.
 *
 * @throws UsageError `JOBS_SETTINGS`
 */
export function assertForWorkers(
  path: string,
  {
    groups,
    figures,
  }: { readonly groups?: CollectionSettings['groups'] | undefined; readonly figures?: CollectionSettings['figures'] | undefined },
): void {
  const beyond = groups !== undefined ? 'vector groups' : figures === 'store' ? 'pictures' : undefined;
  if (beyond === undefined) return;
  throw new UsageError(
    'JOBS_SETTINGS',
    `${path} keeps ${beyond}, which workers do not make yet: ingest its files without --queue, which does`,
    { details: { path } },
  );
}
