import { type CurveOptions, type CurveResult, curve, curveText } from '../../recipes/curve/index.ts';
import { defineCommand } from '../command.ts';
import { modelsOption } from '../options/index-options.ts';
import { withStopSignal } from '../process/stop-signal.ts';

type BenchCommandOptions = Omit<CurveOptions, 'listener' | 'signal' | 'backend'> & { readonly what: 'curve' };

export const benchCommand = defineCommand<BenchCommandOptions, CurveResult>({
  command: 'bench <what>',
  describe: 'Train encoders under one budget for several pack settings and inputs, and draw saving against retention',
  examples: [
    [
      'bench curve --config configs/techdocs.yaml --set data.dev={} --minutes 20',
      'the usual points, in runs/techdocs-curve: symbols, bytes and text; another level, dictionary and chunk size',
    ],
    [
      'bench curve --config configs/techdocs.yaml --data techdocs-beir --split dev --steps 500 --settings level=19,dictionary=0 --settings input=bytes',
      'two points, of 500 steps each',
    ],
  ],
  options: (parser) =>
    parser
      .positional('what', { choices: ['curve'] as const, demandOption: true, describe: 'what is measured' })
      .option('config', { type: 'string', demandOption: true, describe: 'YAML file of a run; configs/ holds some' })
      .option('set', { type: 'string', array: true, default: [] as string[], describe: 'override a key of the file: a.b=c' })
      .option('settings', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'a point: key=value,key=value with input, level, dictionary, chunk or the path of a key; any number of them',
      })
      .option('steps', { type: 'number', describe: "the budget of a point in steps; the file's by default" })
      .option('minutes', { type: 'number', describe: 'the budget in minutes of training steps, which are timed first' })
      .option('data', { type: 'string', describe: "BEIR folder to measure on; the file's data.dev by default" })
      .option('split', { type: 'string', describe: 'whose queries; of data.dev, else dev' })
      .option('candidates', {
        choices: ['corpus', 'judged'] as const,
        describe: 'rank the whole corpus, or the documents that the split judges; of data.dev, else judged',
      })
      .option('output', {
        type: 'string',
        describe: 'folder of the points and of curve.json, .md and .svg; runs/<name>-curve by default',
      })
      .option('resume', { type: 'boolean', default: false, describe: 'go on with the points that are there' })
      .option('models', modelsOption),
  run: (options, listener) => withStopSignal((signal) => curve({ ...options, listener, signal })),
  text: curveText,
});
