import type { Filter } from '../filter.ts';
import { articleForms } from './article-numbers.ts';
import { findCitations } from './citations.ts';
import { findNames } from './name-matches.ts';
import type { CitationRule, NamesRule, PatternRule, SelfQueryRule } from './self-query-rules.ts';

/** Characters of a query that are looked at: rules may be slow on longer ones, and nobody cites a law behind them. */
const LOOKED_AT = 2000;

/**
 * The conditions that a query states itself, by rule: all rules together. 刑法第十条 with the rules of a collection of laws is law = 中华人民共和国刑法 and article = 第十条.
 *
 * @param rules checked by `parseSelfQueryRules`
 * @returns undefined where it states none: such a query is not filtered
 */
export function filterByRules(query: string, rules: readonly SelfQueryRule[]): Filter | undefined {
  const text = query.slice(0, LOOKED_AT);
  const filters = rules.flatMap((rule) => filterOf(text, rule) ?? []);
  return filters.length > 1 ? { and: filters } : filters[0];
}

function filterOf(query: string, rule: SelfQueryRule): Filter | undefined {
  switch (rule.kind) {
    case 'names':
      return nameFilter(query, rule);
    case 'pattern':
      return patternFilter(query, rule);
    case 'citation':
      return citationFilter(query, rule);
  }
}

function nameFilter(query: string, { field, names }: NamesRule): Filter | undefined {
  return oneOf(field, new Set(findNames(query, names).map(({ value }) => value)));
}

function patternFilter(query: string, { field, pattern, number }: PatternRule): Filter | undefined {
  const found = Array.from(query.matchAll(new RegExp(pattern, 'giu')), (match) => match[1] ?? match[0]);
  const values = found.filter((text) => text !== '').map((text) => (number ? Number(text) : text));
  return oneOf(field, new Set(values.filter((value) => typeof value === 'string' || Number.isFinite(value))));
}

function citationFilter(query: string, { nameField, names, numberField }: CitationRule): Filter | undefined {
  const byName = new Map<string, Set<string>>();
  for (const { name, ...number } of findCitations(query, names)) {
    const forms = byName.get(name) ?? new Set();
    for (const form of articleForms(number)) forms.add(form);
    byName.set(name, forms);
  }
  const filters = Array.from(
    byName,
    ([name, forms]): Filter => ({
      and: [
        { field: nameField, equals: name },
        { field: numberField, in: [...forms] },
      ],
    }),
  );
  return filters.length > 1 ? { or: filters } : filters[0];
}

function oneOf(field: string, values: ReadonlySet<string | number>): Filter | undefined {
  const [first, ...others] = values;
  if (first === undefined) return undefined;
  return others.length === 0 ? { field, equals: first } : { field, in: [first, ...others] };
}
