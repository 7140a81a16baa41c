/** Embedding tables of n-grams by hash: in memory, and read row by row from a file. */
export { HashTables } from './hash-tables.ts';
export { type StoredTable, StoredTables } from './stored-tables.ts';
