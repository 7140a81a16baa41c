import { type ExportFormat, type ExportResult, exportEncoder, exportFormats, loadStudent } from '../checkpoints/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../model/backend/index.ts';
import { defineCommand } from './command.ts';
import { formatBytes } from './format.ts';

interface ExportCommandOptions {
  readonly checkpoint: string;
  readonly output: string;
  readonly format: ExportFormat;
  readonly force: boolean;
}

interface ExportCommandResult extends ExportResult {
  readonly checkpoint: { readonly path: string; readonly hash: string; readonly step: number };
  readonly backend: string;
}

export const exportCommand = defineCommand<ExportCommandOptions, ExportCommandResult>({
  command: 'export',
  describe:
    'Write a trained encoder as a folder that can be carried away: safetensors, a tfjs LayersModel or ONNX, with a model card',
  examples: [
    ['export --checkpoint runs/techdocs --output techdocs-encoder', 'a checkpoint without optimiser state, with its teacher'],
    [
      'export --checkpoint runs/techdocs --output web/encoder --format layers-model',
      'model.json and weights for tf.loadLayersModel, in Node or a browser',
    ],
    ['export --checkpoint runs/techdocs --output techdocs-onnx --format onnx', 'encoder.onnx for onnxruntime'],
  ],
  options: (parser) =>
    parser
      .option('checkpoint', {
        type: 'string',
        demandOption: true,
        describe:
          'a checkpoint, or a run folder (its newest checkpoint); evaluation*.json there (cem eval --json) goes into the card',
      })
      .option('output', { type: 'string', demandOption: true, describe: 'the folder to make' })
      .option('format', { choices: exportFormats, default: 'safetensors' as const, describe: 'what the weights are written as' })
      .option('force', { type: 'boolean', default: false, describe: 'replace an earlier export' }),
  run: async (options, reporter) => {
    const backend = await selectBackend(parseBackendRequest(options.backend));
    reporter.note(describeBackend(backend));
    const loaded = await loadStudent(options.checkpoint, 'training');
    try {
      const result = await exportEncoder(loaded, options.output, { format: options.format, force: options.force });
      const checkpoint = { path: loaded.folder, hash: loaded.hash, step: loaded.state.step };
      return { ...result, checkpoint, backend: backend.name };
    } finally {
      loaded.dispose();
    }
  },
  text: ({ output, format, files, bytes, evaluations, checkpoint }) =>
    [
      `${output}: the encoder of step ${checkpoint.step} (${checkpoint.hash.slice(0, 12)}) as ${format}, ${formatBytes(bytes)} in ${files.length} files`,
      evaluations.length > 0
        ? `figures in the model card: ${evaluations.join(', ')}`
        : 'no figures in the model card: no evaluation*.json of these weights (cem eval --json) in the run folder',
    ].join('\n'),
});
