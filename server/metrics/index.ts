/** What a server counts and measures, for Prometheus. */
export { type ServerLoad, ServerMetrics, type ServerStage } from './server-metrics.ts';
