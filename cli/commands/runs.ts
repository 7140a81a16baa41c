import { formatTable } from '../../base/index.ts';
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

const RUN_COLUMNS = ['run', 'step', 'loss', 'texts/s', 'dev nDCG@10', 'best', 'checkpoints', 'backend', 'commit', 'started'];

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
  dataKeys: ['differences.*.values'],
  text: ({ runs, compared, differences }) => {
    if (compared.length > 0) {
      const rows = differences.map(({ key, values }) => [key, ...values.map((value) => JSON.stringify(value) ?? 'absent')]);
      return rows.length === 0
        ? 'the same configuration'
        : formatTable(['key', ...compared], rows, { left: 1 + compared.length });
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
    return rows.length === 0 ? 'no runs' : formatTable(RUN_COLUMNS, rows, { left: RUN_COLUMNS.length });
  },
});
