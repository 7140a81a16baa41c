/** Search in PostgreSQL with pgvector, embedded (PGlite) or by URL. Loads no tensors. */
export { openPglite } from './pglite-driver.ts';
export { PgvectorStore, type VectorIndexRecall, type VectorPrecision } from './pgvector-store.ts';
export { databaseUrlWithoutPassword, openPostgres } from './postgres-driver.ts';
export type { SqlDriver } from './sql-driver.ts';
