/** Search in PostgreSQL with pgvector, embedded (PGlite) or by URL. Loads no tensors. */
export { databaseUrlWithoutPassword } from './database-url.ts';
export type { DocumentChunk, DocumentGroup, GroupsWanted } from './document-groups.ts';
export { checkTiers, type TierOptions, type UseRecord } from './hot-tier.ts';
export { migrateStore, migrationsOf, type StoreMigration, statementsFor } from './migrate-store.ts';
export { openPglite } from './pglite-driver.ts';
export { PgvectorStore } from './pgvector-store.ts';
export type { PictureObject } from './picture-objects.ts';
export { type FigureRow, type PictureRow, type PictureVectorCount, PictureVectors } from './picture-vectors.ts';
export { PostgresBm25Retriever } from './postgres-bm25.ts';
export { openPostgres } from './postgres-driver.ts';
export type { SqlDriver, SqlParameter, SqlQuery } from './sql-driver.ts';
export type { LogEntry } from './store-log.ts';
export { storeNames } from './store-names.ts';
export type { SearchedBy, VectorIndexRecall } from './store-search.ts';
export { type StoreStatementsOptions, storeStatements } from './store-statements.ts';
export type { StoreTerms, TermOptions } from './store-terms.ts';
export { VECTOR_PRECISIONS, type VectorPrecision } from './vector-form.ts';
export type { WriterTurn } from './writer-line.ts';
