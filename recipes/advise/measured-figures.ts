/** A figure that was measured on this project, and where it stands. */
export interface MeasuredFigure {
  readonly value: number;
  readonly source: string;
}

const of = (value: number, source: string): MeasuredFigure => ({ value, source });

/** What advice and plans are computed from; vectors of 384 values, two cores of an AMD EPYC. */
export const MEASURED = {
  /** Milliseconds of a query within which 99 of 100 stay, by passage. */
  exactMs: of(224 / 100_000, 'bench/RESULTS.md, search, 100,000: exact, 99 of 100 within'),
  codesMs: of(19.4 / 1_000_000, 'bench/RESULTS.md, search, a million: binary-memory, 99 of 100 within'),
  graphMs: of(10.1, 'bench/RESULTS.md, search, a million: server-half-hnsw, 99 of 100 within'),
  /** Recall@10 against exact. */
  codesRecall: of(0.956, 'bench/RESULTS.md, search, a million: binary-memory, recall@10'),
  graphRecall: of(0.893, 'bench/RESULTS.md, search, a million: server-half-hnsw, recall@10'),
  /** Bytes of memory that a row's code takes. */
  codeBytes: of(56, 'bench/RESULTS.md, search, a million: codes and keys'),
  /** nDCG@10 that vectors add to words. */
  hybridGain: of(0.023, 'search/README.md, words and vectors together: techdocs dev'),
  hybridGainUnseen: of(0.012, 'search/README.md, words and vectors together: SciFact'),
  /** nDCG@10 of words alone on Chinese statutes. */
  chineseWords: of(0.978, 'search/README.md, terms of word search: law-zh test'),
  /** nDCG@10 that vectors of the Chinese checkpoint add to words, for questions in everyday words and in those of the texts. */
  chineseGain: of(0.053, 'search/README.md, words and vectors together: law-zh low'),
  chineseGainPrecise: of(0.01, 'search/README.md, words and vectors together: law-zh test'),
  /** Share of the teacher's nDCG@10 that the checkpoint of the package keeps. */
  retention: of(0.892, 'README.md, results: techdocs dev'),
  retentionUnseen: of(0.696, 'README.md, results: SciFact'),
  chineseRetention: of(0.956, 'README.md, results: Chinese laws'),
  chineseRetentionUnseen: of(0.804, 'README.md, results: CMRC 2018 trial'),
  adaptedGain: of(0.523 - 0.419, 'search/README.md, words and vectors together: SciFact, CEM before and after cem adapt'),
  /** Answerable questions that the extractive reader answers, and others that it refuses. */
  answered: of(0.95, 'rag/answering/extractive-reader/extractive-reader.ts: XQuAD, English'),
  answeredChinese: of(0.92, 'rag/answering/extractive-reader/extractive-reader.ts: XQuAD, Chinese'),
  refused: of(0.76, 'rag/answering/extractive-reader/extractive-reader.ts: XQuAD, English'),
  /** Documents for a second of one processor, from HTML files to the index. */
  ingested: of(38.9, 'bench/RESULTS.md, ingest: files for a second of a processor'),
} as const;
