import { readFile } from 'node:fs/promises';
import { CemError, formatBytes } from '../../base/index.ts';
import { type ExportFormat, exportFormats } from '../../checkpoints/export/index.ts';
import { DENSE_PRECISIONS, type DensePrecision, TABLE_PRECISIONS, type TablePrecision } from '../../checkpoints/index.ts';
import { type ExportedEncoder, exportEncoder } from '../../recipes/export/index.ts';
import { defineCommand } from '../command.ts';
import { modelsOption } from '../options/index-options.ts';

interface ExportCommandOptions {
  readonly checkpoint: string;
  readonly output: string;
  readonly format: ExportFormat;
  readonly force: boolean;
  readonly precision: DensePrecision | undefined;
  readonly tables: TablePrecision | undefined;
  readonly notes: string | undefined;
  readonly models: string | undefined;
}

export const exportCommand = defineCommand<ExportCommandOptions, ExportedEncoder>({
  command: 'export',
  describe:
    'Write a trained encoder as a folder that can be carried away: safetensors, a tfjs LayersModel or ONNX, with a model card',
  examples: [
    ['export --checkpoint runs/techdocs --output techdocs-encoder', 'a checkpoint without optimiser state, with its teacher'],
    [
      'export --checkpoint runs/techdocs --output techdocs-small --precision fp16 --tables int8',
      'the same in about a quarter of the bytes; loads wherever a checkpoint does',
    ],
    [
      'export --checkpoint runs/techdocs --output web/encoder --format layers-model',
      'model.json and weights for tf.loadLayersModel, in Node or a browser',
    ],
    [
      'export --checkpoint OLD --output OLD --force --models ../models',
      'give an export of before the vectors by which other conversions of its teacher are recognised',
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
      .option('precision', {
        choices: DENSE_PRECISIONS,
        describe: 'safetensors: what the weights are stored as; by default what the checkpoint has',
      })
      .option('tables', {
        choices: TABLE_PRECISIONS,
        describe: 'safetensors: what the embedding tables are stored as; by default as --precision',
      })
      .option('notes', { type: 'string', describe: 'Markdown file that goes into the model card: licences, and the like' })
      .option('models', {
        ...modelsOption,
        describe:
          "folder with the checkpoint's teacher, whose vectors of a few texts are recorded where the checkpoint lacks them",
      })
      .option('force', { type: 'boolean', default: false, describe: 'replace an earlier export' }),
  run: async ({ notes: path, ...options }, listener) => {
    const notes = path === undefined ? undefined : await readNotes(path);
    return exportEncoder({ ...options, notes, listener });
  },
  text: ({ output, format, files, bytes, evaluations, checkpoint, hash, probe }) =>
    [
      `${output}: the encoder of step ${checkpoint.step} (${hash.slice(0, 12)}${hash === checkpoint.hash ? '' : `, rounded from ${checkpoint.hash.slice(0, 12)}`}) as ${format}, ${formatBytes(bytes)} in ${files.length} files`,
      evaluations.length > 0
        ? `figures in the model card: ${evaluations.join(', ')}`
        : 'no figures in the model card: no evaluation*.json of these weights (cem eval --json) in the run folder',
      probe.recorded
        ? `vectors that the teacher is recognised by: ${probe.origin}`
        : `no vectors that the teacher is recognised by, so only its own files will do: ${probe.origin}`,
    ].join('\n'),
});

async function readNotes(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CemError('FILE_OPEN', `cannot read ${path}; name a Markdown file, or leave --notes out`, {
      details: { path },
      cause,
    });
  }
}
