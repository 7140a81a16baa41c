import type { SelfQueryRuleInput } from './self-query-rules.ts';

/** A law of a collection. */
export interface NamedLaw {
  /** Its full name, the field's value. */
  readonly law: string;
  /** What else it is called: 刑法. */
  readonly aliases?: readonly string[];
}

/** Names of the main laws of China in their official English translations, by the short Chinese name. */
const ENGLISH_NAMES: Readonly<Record<string, readonly string[]>> = {
  宪法: ['Constitution'],
  民法典: ['Civil Code'],
  刑法: ['Criminal Law', 'Criminal Code'],
  公司法: ['Company Law'],
  劳动法: ['Labor Law', 'Labour Law'],
  劳动合同法: ['Labor Contract Law', 'Labour Contract Law'],
  刑事诉讼法: ['Criminal Procedure Law'],
  民事诉讼法: ['Civil Procedure Law'],
  行政诉讼法: ['Administrative Litigation Law', 'Administrative Procedure Law'],
};

/**
 * The rules of a collection of Chinese laws: a law by its full name, an alias or its English name, with an article behind it.
 *
 * @param laws those that the collection has
 * @param fields paths of both fields
 */
export function lawRules(
  laws: Iterable<NamedLaw>,
  fields: { readonly law: string; readonly article: string } = { law: 'fields.law', article: 'fields.article' },
): SelfQueryRuleInput[] {
  const names: Record<string, string[]> = {};
  for (const { law, aliases = [] } of laws) {
    if (law === '') continue;
    const english = [law, ...aliases].flatMap((name) => (Object.hasOwn(ENGLISH_NAMES, name) ? ENGLISH_NAMES[name]! : []));
    names[law] = [...new Set([...(names[law] ?? []), ...aliases, ...english])].filter((name) => name !== law);
  }
  if (Object.keys(names).length === 0) return [];
  return [{ kind: 'citation', nameField: fields.law, names, numberField: fields.article, numbering: 'articles' }];
}
