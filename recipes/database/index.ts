/** What a store has a PostgreSQL server do. */
export { type DatabasePlan, type PlanDatabaseOptions, planDatabase } from './plan-database.ts';
