/** Memories that texts call up, by vector groups. */
export {
  type MemoryItem,
  type MemoryQuery,
  MemoryStore,
  type MemoryStoreOptions,
  type NewMemory,
  type RetrievedMemory,
} from './memory-store.ts';
