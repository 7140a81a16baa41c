/** What a collection of any size takes, before it is made. */
export {
  ASSUMED,
  type PlanStorageOptions,
  planStorage,
  type StackBytes,
  type StoragePlan,
  type StoragePrices,
} from './plan-storage.ts';
