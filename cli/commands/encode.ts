import { type EncodeOptions, type EncodeResult, encode } from '../../recipes/encode/index.ts';
import { defineCommand } from '../command.ts';
import { checkpointOption } from '../options/checkpoint-option.ts';
import { ENCODER_DESCRIPTION, transformersOptions } from '../options/encoder-options.ts';
import { modelsOption } from '../options/index-options.ts';

type EncodeCommandOptions = Omit<EncodeOptions, 'listener' | 'signal' | 'backend'>;

export const encodeCommand = defineCommand<EncodeCommandOptions, EncodeResult>({
  command: 'encode',
  describe: "Write an encoder's vectors of a corpus as .npy, with the ids of its rows beside it",
  examples: [
    [
      'encode --encoder student --checkpoint runs/demo --zpkg runs/demo/held-out.zpkg --output student.npy',
      'from compressed chunks alone; ids in student.ids.jsonl',
    ],
    [
      'encode --encoder transformers:all-MiniLM-L6-v2 --data scifact --queries scifact --output minilm.npy --precision float16',
      'documents, and the test queries in minilm.queries.npy',
    ],
  ],
  options: (parser) =>
    parser
      .option('encoder', {
        type: 'string',
        demandOption: true,
        describe: `${ENCODER_DESCRIPTION}; vectors are there already`,
      })
      .option('checkpoint', { ...checkpointOption, describe: `of student and teacher: ${checkpointOption.describe}` })
      .option('data', { type: 'string', describe: 'texts: BEIR folder, JSONL file or folder of text files' })
      .option('zpkg', { type: 'string', describe: 'packed corpus: what the student reads' })
      .option('output', { type: 'string', demandOption: true, describe: 'the .npy file' })
      .option('precision', {
        choices: ['float32', 'float16'] as const,
        default: 'float32' as const,
        describe: 'how numbers are stored',
      })
      .option('queries', { type: 'string', describe: 'BEIR folder whose queries are encoded too, into OUTPUT.queries.npy' })
      .option('split', { type: 'string', default: 'test', describe: 'which queries' })
      .options(transformersOptions)
      .option('dimension', { type: 'number', default: 256, describe: 'length of the vectors of random and lsa' })
      .option('models', modelsOption),
  run: (options, listener) => encode({ ...options, listener }),
  text: ({ encoder, documents, queries }) =>
    [
      `${documents.vectors}: ${documents.rows} vectors of ${encoder.dimension} numbers, of ${documents.documents} documents (${documents.ids})`,
      ...(queries ? [`${queries.vectors}: ${queries.rows} queries (${queries.ids})`] : []),
    ].join('\n'),
  dataKeys: ['encoder.settings'],
});
