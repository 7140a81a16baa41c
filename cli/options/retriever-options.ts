import { UsageError } from '../../base/index.ts';
import { RERANKER_GRAMMAR } from '../../rag/rerank/index.ts';
import { rerankShareOption } from './rerank-options.ts';

/** For `cem eval --retrievers`: ways of finding documents that are compared. */
export const retrieverOptions = {
  retrievers: {
    type: 'string',
    describe:
      'compare ways of finding, separated by commas: bm25, dense (a text encoder), cem (compressed chunks), field (the best of dense, ranked anew by the vectors of their words), dedup, rrf, weighted, weighted_scores (of bm25 with the vectors that are listed, else those of the checkpoint; rrf-cem says which), hyde_dense, hyde_rrf; +rerank behind one, or by itself for all',
  },
  groups: {
    choices: ['token_pool_topK', 'cluster_centers_r', 'all_tokens'] as const,
    describe: 'with --retrievers field: how vectors of tokens become a group (token_pool_topK)',
  },
  'field-scorer': {
    choices: ['field', 'maxsim'] as const,
    describe: "with --retrievers field: the mean of the query's best three matches, or the sum of all (field)",
  },
  'field-candidates': { type: 'number', describe: 'with --retrievers field: results of dense that are ranked anew (300)' },
  questions: {
    type: 'string',
    array: true,
    describe:
      'with --retrievers: JSONL files of questions whose gold names law and article; --data is then a folder of files, read as cem ingest does',
  },
  'index-prefix': {
    type: 'boolean',
    defaultDescription: 'yes',
    describe:
      'with --questions: put before a text what it is found with and not shown with (law, chapter, article); --no-index-prefix leaves it out',
  },
  'self-query': {
    type: 'boolean',
    describe: 'with --questions: a query that names a law and an article (刑法第十条) searches that article only',
  },
  weights: {
    type: 'string',
    describe:
      "with --retrievers: of fusions, bm25=1,dense=0.5; or chosen for nDCG@10 on a split (split:dev), on a file of questions (questions:FILE), or by cross-validation (cross-validation); by default the method's own",
  },
  'recall-shares': {
    type: 'string',
    describe: 'with --retrievers: before fusion, drop hits below this share of the best score, bm25=0.4,dense=0.8',
  },
  'rank-constant': { type: 'number', describe: 'with --retrievers: constant of reciprocal rank fusion (60)' },
  k: { type: 'number', describe: 'with --retrievers: results of a mode (10); fusions ask each part for 4 times as many' },
  analyzer: {
    choices: ['words', 'characters'] as const,
    default: 'words' as const,
    describe: 'with --retrievers: how texts are cut for BM25',
  },
  k1: { type: 'number', describe: 'with --retrievers: of BM25 (0.9)' },
  b: { type: 'number', describe: 'with --retrievers: of BM25 (0.4)' },
  against: {
    type: 'string',
    describe: 'with --retrievers: the mode that others are held against by a paired test; by default bm25, else the first',
  },
  reranker: {
    type: 'string',
    describe: `with --retrievers …+rerank: what ranks the best results anew, ${RERANKER_GRAMMAR}`,
  },
  'chat-model': {
    type: 'string',
    describe: 'with --retrievers hyde_…: what writes a passage for each query, as the endpoint OPENAI_BASE_URL calls it',
  },
  'rerank-depth': { type: 'number', describe: 'with --reranker: how many results it reads (50)' },
  'rerank-share': rerankShareOption,
  by: { choices: ['tag'] as const, describe: 'with --retrievers: a table for the queries of each tag beside that of all' },
} as const;

interface Given {
  readonly retrievers?: string | undefined;
}

/** Of `cem eval` without `--retrievers`. */
const OTHERS = ['encoders', 'output', 'windowDocuments', 'dropOwnId', 'queryVectors', 'best'] as const;
const OWN = [
  'groups',
  'fieldScorer',
  'fieldCandidates',
  'questions',
  'indexPrefix',
  'selfQuery',
  'weights',
  'recallShares',
  'rankConstant',
  'k',
  'k1',
  'b',
  'against',
  'reranker',
  'rerankDepth',
  'rerankShare',
  'chatModel',
  'by',
] as const;

/**
 * Refuses options that say nothing beside or without `--retrievers`.
 *
 * @throws UsageError `EVAL_RETRIEVERS`
 */
export function checkRetrieverOptions(options: Given & Readonly<Record<string, unknown>>): void {
  const wrong = (options.retrievers === undefined ? OWN : OTHERS).find((name) => options[name] !== undefined);
  if (wrong === undefined) return;
  const option = `--${wrong.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new UsageError(
    'EVAL_RETRIEVERS',
    options.retrievers === undefined
      ? `${option} goes with --retrievers: give that too, or leave it out`
      : `${option} does not go with --retrievers: leave it out`,
  );
}
