import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError, writeFileAtomically } from '../../base/index.ts';
import { readEvaluationRecord } from '../../eval/index.ts';
import { type ReportData, reportData, reportMarkdown, reportPage } from '../../eval/report/index.ts';

export interface ReportOptions {
  /** Folders that `evaluate` wrote to. */
  readonly evaluations: readonly string[];
  /** Folder of the report; the first evaluation by default. */
  readonly output?: string | undefined;
}

/** What the report shows, and where it was written. */
export interface ReportResult extends ReportData {
  readonly files: { readonly page: string; readonly markdown: string };
}

/**
 * Makes a page and Markdown of finished evaluations: tables, curves, storage, wins and losses.
 *
 * @throws UsageError `REPORT_EMPTY`; and what `readEvaluationRecord` throws
 */
export async function reportEvaluations({ evaluations, output }: ReportOptions): Promise<ReportResult> {
  const folder = output ?? evaluations[0];
  if (folder === undefined) throw new UsageError('REPORT_EMPTY', 'there is no evaluation to report: name at least one');
  const records = [];
  for (const path of evaluations) records.push(await readEvaluationRecord(path));
  const data = reportData(records);
  await mkdir(folder, { recursive: true });
  const files = { page: join(folder, 'report.html'), markdown: join(folder, 'report.md') };
  await writeFileAtomically(files.page, Buffer.from(reportPage(data), 'utf8'));
  await writeFileAtomically(files.markdown, Buffer.from(reportMarkdown(data), 'utf8'));
  return { ...data, files };
}
