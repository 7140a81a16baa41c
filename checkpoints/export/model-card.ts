import { stringify } from 'yaml';
import { z } from 'zod';
import { PROBE_TEXTS, SAME_TEACHER_COSINE } from '../../encoders/index.ts';
import type { CheckpointState } from '../store/checkpoint.ts';
import { type ExportDescription, fileMeaning } from './export-description.ts';
import type { KnownEvaluation } from './known-evaluations.ts';
import { withoutMachinePaths } from './machine-paths.ts';

const dataSchema = z.looseObject({
  source: z.string(),
  split: z.string().optional(),
  except: z.string().optional(),
  weight: z.number().optional(),
});

/** The parts of a run's configuration that the card names; a checkpoint may have been made without one. */
const namedConfig = z.looseObject({
  name: z.string().optional(),
  data: dataSchema.extend({ further: z.array(dataSchema).optional() }).optional(),
  training: z.looseObject({ warmStart: z.string().optional() }).optional(),
});

const PERCENT = 100;

function evaluationTable({ file, result }: KnownEvaluation, contentHash: string): string {
  const rows = Object.entries(result.encoders);
  const measures = Object.keys(rows[0]?.[1] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `### ${result.dataset}, split \`${result.split}\`, candidates \`${result.candidates}\`${result.checkpoint.hash === contentHash ? '' : ', before the weights were rounded'}`,
    '',
    line(['', ...measures]),
    line(['---', ...measures.map(() => '---:')]),
    ...rows.map(([name, values]) => line([name, ...measures.map((measure) => values[measure]?.toFixed(4) ?? '')])),
    '',
    `Retention (student / teacher, nDCG@10): ${result.retention === null ? 'none, the teacher finds nothing' : `${(PERCENT * result.retention).toFixed(1)}%`}. Storage saving of the evaluated corpus: ${(PERCENT * result.saving).toFixed(1)}%. Everything that was measured: \`${file}\`.`,
  ].join('\n');
}

function usage({ weights }: ExportDescription): string {
  if (weights === 'safetensors') {
    return [
      'Index a packed corpus (any zpkg, whatever its dictionary and level) and search it:',
      '',
      '```sh',
      'cem index --checkpoint THIS_FOLDER --zpkg CORPUS.zpkg --index INDEX',
      "cem search --index INDEX 'a question'",
      '```',
      '',
      'The training corpus is not part of this folder, so `cem eval --checkpoint THIS_FOLDER` needs `--dictionary corpus`, `none` or a file.',
    ].join('\n');
  }
  if (weights === 'onnx') {
    return [
      'The graph alone, in any ONNX runtime:',
      '',
      '```ts',
      "const session = await InferenceSession.create('encoder.onnx'); // onnxruntime-node, onnxruntime-web",
      'const { embedding } = await session.run({ symbols, lengths, kinds });',
      '```',
      '',
      'What goes in is described below. `cem-rag/model/symbols` and `cem-rag/model/tables` make it from compressed chunks.',
    ].join('\n');
  }
  return [
    'With everything around it (tables, chunk parsing) in Node:',
    '',
    '```ts',
    "import { loadLayersModelExport } from 'cem-rag/checkpoints';",
    'const { model } = await loadLayersModelExport(folder);',
    'const vectors = await model.encodeChunks(compressedChunks, dictionary); // a vector a chunk',
    'const more = await model.encodeChunks(compressedChunks, dictionary, passages); // a vector a passage: byte spans of each chunk',
    '```',
    '',
    'The graph alone, where the layers are registered by one import that needs no Node:',
    '',
    '```ts',
    "import 'cem-rag/model/layers';",
    "const graph = await tf.loadLayersModel('https://…/model.json'); // browser",
    "const graph = await tf.loadLayersModel('file:///…/model.json'); // Node with tfjs-node",
    "const graph = await tf.loadLayersModel(layersModelFiles(folder)); // Node without it: from 'cem-rag/checkpoints'",
    'const vectors = graph.predict([symbols, lengths, kinds]);',
    '```',
  ].join('\n');
}

function inputs({ inputs: list, padding, kinds, tables, output }: ExportDescription): string {
  const shapes = list.map(({ name, shape, dtype }) => {
    const axes = ['batch', name === 'patch-mask' ? 'patches' : 'symbols', ...shape.slice(2)];
    return `\`${name}\` [${axes.join(', ')}] ${dtype}`;
  });
  return [
    `Inputs of the graph, in this order: ${shapes.join('; ')}. Output: [batch, ${output.dimension}], vectors of length 1.`,
    '',
    'A symbol is a literal or a copy of the LZ77 stream inside a zstd frame (or a byte of the frame, where `model.input` is `bytes`).',
    `Its entry of \`symbols\` is the sum of the rows that the positions it stands for have in the ${tables.names.length} tables of \`${tables.file}\` (${tables.names.join(', ')}), times length^-1/2;`,
    `\`lengths\` is how many bytes it stands for, 0 for padding; \`kinds\` is ${kinds.padding} for padding, ${kinds.literal} for a literal, and ${kinds.firstCopy} and above for copies by length (\`kinds.copyLengths\` in \`encoder.json\`).`,
    ...(list.some(({ name }) => name === 'patch-ids')
      ? [
          '`patch-ids` numbers the patch of each symbol from 0 on, -1 for padding; `patch-mask` is 1 for each patch that is there.',
        ]
      : []),
    'A passage of a chunk is encoded as if it stood alone: its symbols end at its borders, and n-grams see nothing before it.',
    `Chunks and passages are cut to ${padding.maximumSymbols} symbols and padded with zeros to a multiple of ${padding.patchSize}, beyond ${2 * padding.window} symbols to a multiple of ${padding.window} as well.`,
  ].join('\n');
}

/** How programs know the teacher again. */
function recognition({ teacher }: ExportDescription): string {
  if (teacher.probe === undefined)
    return 'It is known by this name and revision alone: another conversion of its weights counts as another teacher.';
  return `Another conversion of its weights, of whatever name, serves as well: it is recognised by its vectors of ${PROBE_TEXTS.length} texts (\`teacher.probe\` in \`encoder.json\`), each of which must have a cosine of ${SAME_TEACHER_COSINE} at least with the recorded one.`;
}

function remaking(name: string, storage: CheckpointState['storage']): string {
  const precision = storage ? ` --precision ${storage.dense} --tables ${storage.tables}` : '';
  return [
    'With the data in its place and the settings below as `config.yaml`:',
    '',
    '```sh',
    'cem train --config config.yaml',
    `cem export --checkpoint runs/${name} --output THIS_FOLDER${precision}`,
    '```',
  ].join('\n');
}

function sourceText({ source, split, except, weight = 1 }: z.infer<typeof dataSchema>): string {
  return [
    `\`${source}\``,
    ...(split === undefined ? [] : [`the documents of its split \`${split}\``]),
    ...(except === undefined ? [] : [`without those of its split \`${except}\``]),
    ...(weight === 1 ? [] : [`with the weight ${weight}`]),
  ].join(', ');
}

/** `README.md` of an export: what it is, what it was made from, how it is used, and what was measured. */
export function modelCard(
  state: CheckpointState,
  description: ExportDescription,
  files: readonly string[],
  evaluations: readonly KnownEvaluation[],
  notes?: string,
): string {
  const settings = withoutMachinePaths(
    state.config ?? { model: state.model, pack: state.pack, teacher: state.teacher.config, seed: state.seed },
  );
  const config = namedConfig.safeParse(settings).data;
  const { teacher } = description;
  const { storage } = state;
  const data = config?.data;
  const source = data ? [data, ...(data.further ?? [])].map(sourceText).join('; ') : 'not recorded in the checkpoint';
  const start = config?.training?.warmStart;
  const figures =
    evaluations.length === 0
      ? 'None: the run folder holds no evaluation of these weights. `cem eval --json` measures them.'
      : evaluations.map((evaluation) => evaluationTable(evaluation, state.contentHash)).join('\n\n');
  return `${[
    '---\nlibrary_name: cem-rag\npipeline_tag: feature-extraction\ntags: [embeddings, retrieval, compressed-documents]\n---',
    `# ${config?.name ?? 'CEM encoder'}`,
    `An encoder of zstd-compressed text: it reads a chunk's compressed bytes and gives a vector of ${state.dimension} numbers, near to the one that its teacher gives the chunk's text. Queries are text and are embedded by the teacher${state.query === undefined || description.weights !== 'safetensors' ? '' : ', or without it by the query student'}.`,
    '## Files',
    files.map((file) => `- \`${file}\`: ${fileMeaning(file, description)}`).join('\n'),
    '## Use',
    usage(description),
    '## Inputs',
    inputs(description),
    '## Training',
    [
      `- Data: ${source}.`,
      ...(start === undefined ? [] : [`- It began with the weights of \`${start}\`.`]),
      `- Teacher: \`${teacher.id}\`, revision \`${teacher.revision}\`${teacher.folder === null ? ', which is not part of this folder' : `, fitted on the training texts, in \`${teacher.folder}/\``}. ${recognition(description)}`,
      `- Steps: ${state.step}. Content hash: \`${state.contentHash}\`.`,
      '- Licence: the run states none; those of the training data and of the teacher apply.',
      '- It was trained on the texts named above, in their languages; elsewhere measure before you rely on it.',
      ...(storage
        ? [
            `- Stored as: graph ${storage.dense}, tables ${storage.tables}; rounded from the weights with the content hash \`${storage.roundedFrom}\`.`,
          ]
        : []),
    ].join('\n'),
    ...(notes === undefined ? [] : ['## Notes', notes.trim()]),
    ...(config?.name === undefined ? [] : ['## Make it again', remaking(config.name, storage)]),
    '## Settings',
    `\`\`\`yaml\n${stringify(settings).trimEnd()}\n\`\`\``,
    '## Figures',
    figures,
  ].join('\n\n')}\n`;
}
