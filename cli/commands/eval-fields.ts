import { type EvaluateFieldsOptions, type FieldsEvaluation, measureFields } from '../../recipes/evaluate/index.ts';
import { defineCommand } from '../command.ts';
import { modelsOption } from '../options/index-options.ts';
import { fieldsText } from '../text/fields-text.ts';

type OwnOptions = 'listener' | 'signal' | 'backend';

/** Groups of vectors, measured. */
export const evalFieldsCommand = defineCommand<Omit<EvaluateFieldsOptions, OwnOptions>, FieldsEvaluation>({
  command: 'eval-fields',
  describe: 'Measure late interaction: groups of token vectors, as an encoder has them and through a trained head',
  examples: [
    [
      'eval-fields --encoder transformers:all-MiniLM-L6-v2 --data techdocs-beir --split dev --candidates judged',
      'without training: one vector a text, then both kinds of groups',
    ],
    [
      'eval-fields --head runs/query-head-techdocs/checkpoints/best --data techdocs-beir --split dev --candidates judged --depth 2000',
      'the same beside a trained head, with paired tests',
    ],
    [
      'eval-fields --head runs/query-head-patches-techdocs --data techdocs-beir --split dev --candidates judged --strategies patches',
      'passages by the patches of their compressed chunks',
    ],
  ],
  options: (parser) =>
    parser
      .option('data', { type: 'string', demandOption: true, describe: 'a folder in BEIR layout' })
      .option('split', { type: 'string', default: 'test', describe: 'whose queries: qrels/<split>.tsv' })
      .option('candidates', {
        choices: ['corpus', 'judged'] as const,
        default: 'corpus' as const,
        describe: 'rank the whole corpus, or only the documents that the split judges',
      })
      .option('limit', { type: 'number', describe: 'the first so many queries; with judged candidates, their documents alone' })
      .option('head', {
        type: 'string',
        array: true,
        describe:
          'a head that cem train made: a run, a checkpoint, or RUN/checkpoints/best; one for tokens and one for patches at most',
      })
      .option('encoder', { type: 'string', describe: "transformers:MODEL; the head's unless given" })
      .option('dtype', { choices: ['fp32', 'fp16', 'q8'] as const, describe: "which of the model's ONNX files is run" })
      .option('maximum-tokens', { type: 'number', describe: 'tokens of a text, the rest is cut; as many as the model takes' })
      .option('strategies', {
        type: 'string',
        default: 'token_pool_topK,cluster_centers_r',
        describe:
          'how groups are made, separated by commas: token_pool_topK, cluster_centers_r, all_tokens; patches: of passages that are read compressed',
      })
      .option('checkpoint', {
        type: 'string',
        describe: 'with patches: a CEM checkpoint, or a run; CEM_CHECKPOINT, else the one that comes with the package',
      })
      .option('k', { type: 'number', default: 32, describe: 'vectors of a group of token_pool_topK' })
      .option('r', { type: 'number', default: 6, describe: 'vectors of a group of cluster_centers_r' })
      .option('stored', {
        type: 'string',
        describe: "ways of storing the passages' groups, measured beside them, separated by commas: float16, int8, residual2",
      })
      .option('depth', { type: 'number', default: 1000, describe: 'documents that one vector a text finds and groups rank anew' })
      .option('top-per-query', { type: 'number', default: 3, describe: 'best matches that the score top_mean counts' })
      .option('models', modelsOption),
  run: (options, listener) => measureFields({ ...options, listener }),
  text: fieldsText,
});
