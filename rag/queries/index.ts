/** Queries written anew by a chat model before they are searched for; both ways are taken only where somebody asks for them. */
export { type ExpandingOptions, ExpandingRetriever } from './expanding-retriever.ts';
export { type MultiQueryOptions, MultiQueryRetriever } from './multi-query-retriever.ts';
export { type ExpansionKind, expansionMessages } from './prompts.ts';
export { languageOf } from './query-language.ts';
