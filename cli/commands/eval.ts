import { formatEvaluation } from '../../eval/report/index.ts';
import {
  type CompareRetrieversOptions,
  compareRetrievers,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type RetrieverComparison,
} from '../../recipes/evaluate/index.ts';
import { defineCommand } from '../command.ts';
import { ENCODER_DESCRIPTION, transformersOptions } from '../options/encoder-options.ts';
import { modelsOption } from '../options/index-options.ts';
import { checkRetrieverOptions, retrieverOptions } from '../options/retriever-options.ts';
import { parseScoringOptions, type ScoringOptions, scoringOptions } from '../options/scoring-options.ts';
import { EVALUATION_DATA } from '../text/evaluation-data.ts';
import { formatRetrievers, RETRIEVER_DATA } from '../text/retriever-comparison.ts';

type OwnOptions = 'listener' | 'signal' | 'backend' | 'scoring';
type EvalCommandOptions = Omit<EvaluateOptions, OwnOptions> &
  Omit<
    CompareRetrieversOptions,
    OwnOptions | keyof EvaluateOptions | 'retrievers' | 'analyzer' | 'groups' | 'hyde' | 'rerank' | 'seed'
  > &
  ScoringOptions & {
    readonly retrievers?: string | undefined;
    readonly analyzer: 'words' | 'characters';
    readonly groups?: 'token_pool_topK' | 'cluster_centers_r' | 'all_tokens' | undefined;
    readonly by?: 'tag' | undefined;
  };

/** A comparison of retrievers, and whether its tables are by tag; or an evaluation of encoders. */
type EvalResult = Evaluation | (RetrieverComparison & { readonly by_tag: boolean });

export const evalCommand = defineCommand<EvalCommandOptions, EvalResult>({
  command: 'eval',
  describe: 'Rank a benchmark with teacher, student, BM25 and chance, and compare them',
  examples: [
    [
      'eval --checkpoint runs/techdocs --data techdocs-beir --split dev --candidates judged',
      "the run's newest checkpoint, over the documents that dev judges",
    ],
    [
      'eval --checkpoint runs/techdocs/checkpoints/4000 --data scifact-beir --dictionary corpus --output evaluations/scifact',
      'one checkpoint, with a dictionary of the corpus itself; results and vectors in a folder',
    ],
    [
      'eval --checkpoint runs/techdocs --data qmsum-beir --passage-size 1024',
      'long documents by the best of their passages, for student and teacher',
    ],
    [
      'eval --checkpoint runs/techdocs --data techdocs-beir --split dev --candidates judged --window-documents 10',
      'documents read from inside long frames, ten in each',
    ],
    ['eval --encoder transformers:all-MiniLM-L6-v2 --data scifact-beir', 'a text encoder without a checkpoint'],
    ['eval --encoder vectors:minilm.npy --data scifact-beir --json', 'vectors that cem encode wrote'],
    [
      'eval --retrievers bm25,cem,rrf --data techdocs-beir --split dev --candidates judged --dictionary corpus --weights cross-validation',
      'words, compressed chunks and their fusion, with paired tests against words',
    ],
    [
      'eval --retrievers bm25,dense,dedup,rrf --data laws --questions precise.jsonl colloquial.jsonl --encoder transformers:bge-small-zh-v1.5-q --dtype q8 --self-query --by tag',
      'Chinese laws, by files of questions',
    ],
  ],
  options: (parser) =>
    parser
      .option('checkpoint', { type: 'string', describe: 'a checkpoint, or a run folder (its newest checkpoint)' })
      .option('encoder', {
        type: 'string',
        describe: `what to evaluate, instead of teacher and student of --checkpoint: ${ENCODER_DESCRIPTION}`,
      })
      .option('query-vectors', { type: 'string', describe: 'queries of vectors:FILE.npy; FILE.queries.npy by default' })
      .options(transformersOptions)
      .option('encoders', {
        type: 'string',
        describe:
          'rows, separated by commas: teacher, student, query-student (the student, asked without the teacher), bm25, random, lsa, vectors',
      })
      .option('data', { type: 'string', demandOption: true, describe: 'a folder in BEIR layout; with --questions, of files' })
      .option('split', { type: 'string', default: 'test', describe: 'whose queries: qrels/<split>.tsv' })
      .option('candidates', {
        choices: ['corpus', 'judged'] as const,
        default: 'corpus' as const,
        describe: 'rank the whole corpus, or only the documents that the split judges',
      })
      .option('dictionary', {
        type: 'string',
        describe:
          "what the documents are packed with: the training corpus' (run, the default with a checkpoint), one of their own (corpus), none, or a file",
      })
      .option('passage-size', {
        type: 'number',
        defaultDescription: "as the checkpoint's corpus was packed, else 0",
        describe:
          'bytes of the passages that student and teacher rank a document by, the best of each; 0: a document, or a chunk, has one vector',
      })
      .option('passage-overlap', {
        type: 'number',
        defaultDescription: "as the checkpoint's corpus was packed, else 0",
        describe: 'bytes that a passage shares with the one before it, at most',
      })
      .options(scoringOptions)
      .options(retrieverOptions)
      .option('window-documents', {
        type: 'number',
        describe: 'compress so many neighbouring documents in one frame, and have the student read each from there',
      })
      .option('drop-own-id', {
        type: 'boolean',
        defaultDescription: 'for arguana and quora',
        describe: "leave the document with a query's own id out of its ranking, where queries are documents too",
      })
      .option('models', modelsOption)
      .option('output', {
        type: 'string',
        describe: 'folder for vectors and results; the same command again goes on where it was stopped',
      })
      .option('language', { type: 'string', default: 'eng-Latn', describe: "the data's, for the results in MTEB's form" }),
  run: async ({ scoring, best, retrievers, by, analyzer, groups: strategy, ...options }, listener) => {
    checkRetrieverOptions({ ...options, best, by, retrievers, groups: strategy });
    const groups = strategy && { strategy };
    if (retrievers === undefined) return evaluate({ ...options, scoring: parseScoringOptions({ scoring, best }), listener });
    const compared = await compareRetrievers({ ...options, retrievers, groups, analyzer: { kind: analyzer }, listener });
    return { ...compared, by_tag: by === 'tag' };
  },
  text: (result) => ('sets' in result ? formatRetrievers(result, result.by_tag) : formatEvaluation(result)),
  dataKeys: [...EVALUATION_DATA, ...RETRIEVER_DATA],
});
