export { loadConfig, parseConfig } from './load-config.ts';
export { type RunConfig, runConfigSchema } from './schema.ts';
