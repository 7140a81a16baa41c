/** What serving a language model takes, before it is served. */
export { type LlmPlan, type PlanLlmOptions, planLlm } from './plan-llm.ts';
