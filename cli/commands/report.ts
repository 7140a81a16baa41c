import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../base/index.ts';
import { readEvaluationRecord } from '../../eval/index.ts';
import { type ReportData, reportData, reportMarkdown, reportPage } from '../../eval/report/index.ts';
import { defineCommand } from '../command.ts';

interface ReportOptions {
  readonly evaluations: string[];
  readonly output: string | undefined;
}

/** What the report shows, and where it was written. */
interface ReportResult extends ReportData {
  readonly files: { readonly page: string; readonly markdown: string };
}

export const reportCommand = defineCommand<ReportOptions, ReportResult>({
  command: 'report <evaluations..>',
  describe: 'Make a page and Markdown of finished evaluations: tables, curves, storage, wins and losses',
  examples: [
    ['report evaluations/scifact', 'report.html and report.md in that folder'],
    ['report evaluations/* --output report', 'several side by side'],
    ['report evaluations/scifact --json', 'every figure that the page shows'],
  ],
  options: (parser) =>
    parser
      .positional('evaluations', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'folders that cem eval --output wrote',
      })
      .option('output', { type: 'string', describe: 'folder of the report; the first evaluation by default' }),
  run: async ({ evaluations, output }) => {
    const folder = output ?? evaluations[0]!;
    const records = [];
    for (const path of evaluations) records.push(await readEvaluationRecord(path));
    const data = reportData(records);
    await mkdir(folder, { recursive: true });
    const files = { page: join(folder, 'report.html'), markdown: join(folder, 'report.md') };
    await writeFileAtomically(files.page, Buffer.from(reportPage(data), 'utf8'));
    await writeFileAtomically(files.markdown, Buffer.from(reportMarkdown(data), 'utf8'));
    return { ...data, files };
  },
  text: ({ runs, files }) => `${files.page} and ${files.markdown}: ${runs.map(({ name }) => name).join(', ')}`,
});
