/** What serving a language model takes: memory by its config.json, money by its tokens. */
export { type ModelShape, parametersOf, readModelShape } from './model-shape.ts';
export { type MemoryOptions, type MemoryPlan, planMemory } from './plan-memory.ts';
export { affordableInput, type QueryCost, queryCost, STATED_COST } from './query-cost.ts';
export { compareWithStated, type StatedComparison } from './stated-memory.ts';
export { CACHE_FORMATS, type CacheFormat, WEIGHT_FORMATS, type WeightFormat } from './weight-formats.ts';
