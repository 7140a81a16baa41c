/** In the words of `--help`. */
export const ENCODER_DESCRIPTION =
  "student, teacher (the checkpoint's), transformers:MODEL, lsa (fitted on the documents), lsa:FOLDER (fitted before), vectors:FILE.npy (of cem encode) or random";

/** For commands with `--encoder`: what a model needs that no preset knows and whose folder does not say it. */
export const transformersOptions = {
  pooling: {
    choices: ['mean', 'cls', 'last'] as const,
    describe: "of transformers:MODEL: how token vectors become one; by default as the model's preset or its own files say",
  },
  'maximum-tokens': {
    type: 'number',
    describe: 'of transformers:MODEL: longer texts are cut; by default as its preset or files say',
  },
  'query-prompt': {
    type: 'string',
    describe: 'of transformers:MODEL: put before every query; by default as its preset or files say',
  },
  'document-prompt': { type: 'string', describe: 'of transformers:MODEL: put before every document' },
  dtype: {
    choices: ['fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16', 'bnb4'] as const,
    describe: 'of transformers:MODEL: which of its ONNX files is run, by the precision of its weights; fp32 by default',
  },
  task: { type: 'string', describe: "BEIR's name of the set whose instruction stands before the queries of transformers:MODEL" },
} as const;
