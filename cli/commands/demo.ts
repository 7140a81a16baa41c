import { join } from 'node:path';
import { formatDuration } from '../../base/index.ts';
import { formatEvaluation } from '../../eval/report/index.ts';
import { type DemoOptions, type DemoReport, runDemo } from '../../recipes/demo/index.ts';
import { type WireResult, wireResult } from '../../server/schemas/index.ts';
import { defineCommand } from '../command.ts';
import { modelsOption } from '../options/index-options.ts';
import { withStopSignal } from '../process/stop-signal.ts';
import { EVALUATION_DATA } from '../text/evaluation-data.ts';
import { formatResults } from '../text/results-text.ts';

/** A demo as `--json` has it. */
type DemoResult = Omit<DemoReport, 'searches'> & {
  readonly searches: readonly { readonly query: string; readonly results: readonly WireResult[] }[];
};

type DemoCommandOptions = Omit<DemoOptions, 'listener' | 'signal' | 'backend'>;

export const demoCommand = defineCommand<DemoCommandOptions, DemoResult>({
  command: 'demo',
  describe: 'do everything once on the Markdown of the installed packages: pack, train, evaluate, index, search',
  examples: [
    ['demo', 'in runs/demo; takes minutes, and goes on where it was stopped'],
    ['demo --force', 'the same from the start'],
    ['demo --source ../notes --run runs/notes', 'with Markdown files of your own'],
  ],
  options: (parser) =>
    parser
      .option('run', { type: 'string', default: join('runs', 'demo'), describe: "the demo's folder; one that is there goes on" })
      .option('source', { type: 'string', describe: 'folder of Markdown files; the installed packages by default' })
      .option('force', { type: 'boolean', default: false, describe: 'delete the folder of an earlier demo first' })
      .option('set', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'override a key of configs/demo.yaml: a.b=c',
      })
      .option('models', {
        ...modelsOption,
        describe:
          'folder with the teacher of the checkpoint that comes with the package: where it is there, that is compared too',
      }),
  run: async (options, listener) => {
    const report = await withStopSignal((signal) => runDemo({ ...options, listener, signal }));
    const searches = report.searches.map(({ query, results }) => ({ query, results: results.map(wireResult) }));
    return { ...report, searches };
  },
  text: formatDemo,
  texts: ['text'],
  dataKeys: [...EVALUATION_DATA.map((path) => `evaluation.${path}`), 'searches.*.results.*.metadata'],
});

function formatDemo({ run, backend, stages, seconds, evaluation, searches }: DemoResult): string {
  const index = join(run, 'index');
  const width = Math.max(...stages.map(({ name }) => name.length));
  return [
    `done in ${formatDuration(seconds)} on the ${backend} backend`,
    ...stages.map((stage) => `  ${stage.name.padEnd(width)}  ${formatDuration(stage.seconds)}`),
    '',
    formatEvaluation(evaluation),
    ...searches.flatMap(({ query, results }) => ['', `"${query}"`, formatResults(results)]),
    '',
    'go on with',
    `  npm run search -- --index ${index} "your question"`,
    `  npm run serve -- --index ${index}`,
    `  npm run eval -- --checkpoint ${run} --data ${join(run, 'data', 'held-out')}`,
  ].join('\n');
}
