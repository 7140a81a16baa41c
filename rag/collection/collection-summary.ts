import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeFileAtomically } from '../../base/index.ts';

const SUMMARY_FILE = 'summary.json';

const summarySchema = z.strictObject({
  format: z.literal('cem-summary'),
  version: z.literal(1),
  state: z.string(),
  documents: z.int().nonnegative(),
  units: z.int().nonnegative(),
  passages: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  changes: z.int().nonnegative(),
});

/** What a collection holds, as it was when it was closed last; worth nothing where its state is another one by now. */
export type StoredSummary = Omit<z.infer<typeof summarySchema>, 'format' | 'version'>;

/** Undefined where there is none, or none that can be read: then the database is asked. */
export async function readSummary(folder: string): Promise<StoredSummary | undefined> {
  const remedy = 'remove it: it is made again';
  const summary = await readJsonFile(join(folder, SUMMARY_FILE), summarySchema, {
    code: 'COLLECTION_FORMAT',
    what: 'the summary of a collection',
    remedy,
  }).catch(() => undefined);
  if (summary === undefined) return undefined;
  const { format: _, version: __, ...rest } = summary;
  return rest;
}

export async function writeSummary(folder: string, summary: StoredSummary): Promise<void> {
  const value = { format: 'cem-summary', version: 1, ...summary };
  await writeFileAtomically(join(folder, SUMMARY_FILE), Buffer.from(`${JSON.stringify(value)}\n`));
}
