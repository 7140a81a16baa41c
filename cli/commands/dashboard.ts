import { listen, stopSignal } from '../../server/index.ts';
import { createDashboard } from '../../server/web/index.ts';
import { defineCommand } from '../command.ts';
import { checkPort } from '../options/port-option.ts';

interface DashboardOptions {
  readonly runs: string[];
  readonly folder: string;
  readonly port: number;
}

/** What is left to say when the dashboard has stopped. */
interface DashboardReport {
  readonly address: string;
  readonly stoppedBy: string;
}

const HOST = '127.0.0.1';
const DEFAULT_PORT = 8081;

/** Shows the curves of runs in a browser until it is told to stop. */
export const dashboardCommand = defineCommand<DashboardOptions, DashboardReport>({
  command: 'dashboard [runs..]',
  describe: 'Show the curves of runs in a browser, live while they train',
  examples: [
    ['dashboard', 'every run in runs/, on http://127.0.0.1:8081, until Ctrl-C'],
    ['dashboard runs/demo runs/short', 'these two'],
  ],
  options: (parser) =>
    parser
      .positional('runs', { type: 'string', array: true, default: [] as string[], describe: 'folders of runs to show' })
      .option('folder', { type: 'string', default: 'runs', describe: 'where runs lie; all in it are shown when none is named' })
      .option('port', { type: 'number', default: DEFAULT_PORT, describe: `port of ${HOST}; 0 takes a free one` }),
  async run({ runs, folder, port }, reporter) {
    checkPort(port);
    const server = await createDashboard({ folder, runs });
    try {
      const stopped = stopSignal();
      const address = await listen(server, { host: HOST, port });
      reporter.note(`dashboard at ${address}; Ctrl-C stops`);
      return { address, stoppedBy: await stopped };
    } finally {
      await server.close();
    }
  },
  text: ({ stoppedBy }) => `stopped by ${stoppedBy}`,
});
