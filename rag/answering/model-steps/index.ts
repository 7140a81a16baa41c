/** What a chat model does around the reading: makes a question stand alone, leaves units out, describes documents, searches again. */
export { AgentRun, type AgentSettings } from './agent.ts';
export { standaloneQuestion } from './conversation.ts';
export { fuseViews, GlobalView, type GlobalViewOptions, overviewOf } from './global-info.ts';
export { RelevanceFilter, type RelevanceFilterOptions } from './relevance-filter.ts';
