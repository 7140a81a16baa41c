import { type ConfigDifference, compareConfigs, listRuns, type RunSummary } from '../../training/index.ts';
import { defineCommand } from '../command.ts';

interface RunsCommandOptions {
  readonly runs: string[];
  readonly folder: string;
}

/** What `cem runs` prints as JSON: the runs of a folder, or where the named runs differ. */
interface RunsResult {
  readonly runs: readonly RunSummary[];
  readonly compared: readonly string[];
  readonly differences: readonly ConfigDifference[];
}

export const runsCommand = defineCommand<RunsCommandOptions, RunsResult>({
  command: 'runs [runs..]',
  describe: 'List the runs of a folder, or say where the configurations of several differ',
  examples: [
    ['runs', 'how each run in runs/ stands'],
    ['runs runs/demo runs/short', 'what their configurations do not share'],
  ],
  options: (parser) =>
    parser
      .positional('runs', { type: 'string', array: true, default: [] as string[], describe: 'folders of runs to compare' })
      .option('folder', { type: 'string', default: 'runs', describe: 'where runs lie' }),
  run: async ({ runs, folder }) => ({
    runs: runs.length === 0 ? await listRuns(folder) : [],
    compared: runs,
    differences: runs.length === 0 ? [] : await compareConfigs(runs),
  }),
  text: ({ runs, compared, differences }) => {
    if (compared.length > 0) {
      const rows = differences.map(({ key, values }) => [key, ...values.map((value) => JSON.stringify(value) ?? 'absent')]);
      return rows.length === 0 ? 'the same configuration' : table([['key', ...compared], ...rows]);
    }
    const rows = runs.map((run) => [
      run.path,
      `${run.step}/${run.steps ?? '?'}`,
      run.loss?.toFixed(4) ?? '-',
      run.textsPerSecond?.toFixed(0) ?? '-',
      run.dev?.['ndcg@10'].toFixed(4) ?? '-',
      run.best === null ? '-' : `${run.best.step} (${run.best['ndcg@10'].toFixed(4)})`,
      run.checkpoints.join(' ') || '-',
      run.backend ?? '-',
      run.gitCommit?.slice(0, 7) ?? '-',
      run.started?.slice(0, 16).replace('T', ' ') ?? '-',
    ]);
    return rows.length === 0
      ? 'no runs'
      : table([
          ['run', 'step', 'loss', 'texts/s', 'dev nDCG@10', 'best', 'checkpoints', 'backend', 'commit', 'started'],
          ...rows,
        ]);
  },
});

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
