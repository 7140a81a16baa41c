/** Bytes of everything that search over a corpus stores. Loads no tensors. */
export { type StoredVectors, type SystemStorage, systemStorage } from './system-storage.ts';
export { systemTable } from './system-table.ts';
