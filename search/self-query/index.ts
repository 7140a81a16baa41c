/** Filters that queries state themselves: by rules that a collection gives, or by a language model. */
export { filterByModel, type KnownField, type ModelFilter } from './filter-by-model.ts';
export { filterByRules } from './filter-by-rules.ts';
export { lawRules, type NamedLaw } from './law-rules.ts';
export { type SelfQuery, SelfQueryRetriever, withSelfQuery } from './self-query-retriever.ts';
export { parseSelfQueryRules, type SelfQueryRule, type SelfQueryRuleInput, selfQueryRuleSchema } from './self-query-rules.ts';
