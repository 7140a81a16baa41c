/** Search by words: BM25, and the analyzers that cut texts into its terms. */
export { type Analyzer, type AnalyzerSettings, assertSameAnalyzer, isSameAnalyzer } from './analysis/analyzer.ts';
export { type AnalyzerConfig, type AnalyzerInput, analyzerConfig } from './analysis/analyzer-config.ts';
export { openAnalyzer, openStoredAnalyzer } from './analysis/open-analyzer.ts';
export { Bm25Retriever, wholeDocuments } from './bm25.ts';
