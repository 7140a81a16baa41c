import { type ReportResult, reportEvaluations } from '../../recipes/evaluate/index.ts';
import { defineCommand } from '../command.ts';

interface ReportCommandOptions {
  readonly evaluations: string[];
  readonly output: string | undefined;
}

export const reportCommand = defineCommand<ReportCommandOptions, ReportResult>({
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
  run: (options) => reportEvaluations(options),
  text: ({ runs, files }) => `${files.page} and ${files.markdown}: ${runs.map(({ name }) => name).join(', ')}`,
});
