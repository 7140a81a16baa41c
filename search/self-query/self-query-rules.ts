import { z } from 'zod';
import { UsageError } from '../../base/index.ts';

/** A field's path, as filters have it: `fields.law`. */
const field = z.string().min(1);
/** The field's values, and for each the names by which queries call it. The value itself is a name too. */
const names = z.record(z.string(), z.array(z.string().min(1)));

/** Which numbers a citation may have and how the field writes them. */
const numbering = z.enum(['articles']);

/**
 * How queries state conditions on fields; a collection gives the list.
 *
 * - `names`: a query that has a name of a value means that value.
 * - `pattern`: what a regular expression matches (its first group, or all of it) is the field's value.
 * - `citation`: a name with the number of an article behind it (刑法第十条, article 10 of the Criminal Law) means both; neither alone means anything.
 */
export const selfQueryRuleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('names'), field, names }),
  z.strictObject({
    kind: z.literal('pattern'),
    field,
    /** Of JavaScript, with the flags `iu`. */
    pattern: z.string().min(1),
    /** Whether the field holds numbers. */
    number: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('citation'),
    nameField: field,
    names,
    numberField: field,
    numbering: numbering.default('articles'),
  }),
]);

export type SelfQueryRuleInput = z.input<typeof selfQueryRuleSchema>;
export type SelfQueryRule = Readonly<z.infer<typeof selfQueryRuleSchema>>;
export type NamesRule = Extract<SelfQueryRule, { kind: 'names' }>;
export type PatternRule = Extract<SelfQueryRule, { kind: 'pattern' }>;
export type CitationRule = Extract<SelfQueryRule, { kind: 'citation' }>;

/** @throws UsageError `SELF_QUERY_RULES` naming the place and what is wrong there */
export function parseSelfQueryRules(input: readonly SelfQueryRuleInput[]): SelfQueryRule[] {
  const parsed = z.array(selfQueryRuleSchema).safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw rulesError(`${issue.path.map(String).join('.') || 'they'}: ${issue.message}`, parsed.error);
  }
  for (const [place, rule] of parsed.data.entries()) {
    if (rule.kind !== 'pattern') continue;
    try {
      new RegExp(rule.pattern, 'iu');
    } catch (cause) {
      throw rulesError(`${place}.pattern is no regular expression`, cause);
    }
  }
  return parsed.data;
}

function rulesError(what: string, cause: unknown): UsageError {
  return new UsageError(
    'SELF_QUERY_RULES',
    `these are no rules for filters out of queries: ${what}; mend them, or leave them out`,
    { cause },
  );
}
