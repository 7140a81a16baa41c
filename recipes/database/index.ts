/** What a store has a PostgreSQL server do, and how its tables come to those of this version. */
export {
  type MigrateDatabaseOptions,
  type MigrateDatabaseResult,
  type MigratedStore,
  type MigrationReport,
  migrateDatabase,
} from './migrate-database.ts';
export { type DatabasePlan, type PlanDatabaseOptions, planDatabase } from './plan-database.ts';
