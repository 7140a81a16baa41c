/** Ranking without text: what a retriever, a filter and a vector store are, and what ranks by words or in PostgreSQL. Loads no tensors; exact search is in exact/. */
export { type Bm25Options, Bm25Retriever } from './lexical/bm25.ts';
export { tokenize } from './lexical/tokenizer.ts';
export { openPglite } from './postgres/pglite-driver.ts';
export { type PgvectorOptions, PgvectorStore, type VectorIndexRecall, type VectorPrecision } from './postgres/pgvector-store.ts';
export { databaseUrlWithoutPassword, openPostgres } from './postgres/postgres-driver.ts';
export type { SqlDriver } from './postgres/sql-driver.ts';
export { compareRanked } from './rank-order.ts';
export { recallAgainst } from './recall.ts';
export type { Hit, Retriever } from './retriever.ts';
export { type VectorIndex, type VectorIndexInput, vectorIndexConfig } from './vector-index.ts';
export { VectorRetriever } from './vector-retriever.ts';
export type { VectorCount, VectorFilter, VectorRow, VectorStore } from './vector-store.ts';
