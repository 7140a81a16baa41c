import { z } from 'zod';
import { messageOf } from '../../base/index.ts';
import type { Filter, FilterScalar } from '../filter.ts';
import { articleForms, findArticles } from './article-numbers.ts';

/** A field that a language model may set conditions on. */
export interface KnownField {
  /** Its path, as filters have it. */
  readonly field: string;
  /** What it is, for the model. */
  readonly description: string;
  readonly type: 'text' | 'number' | 'boolean';
  /** All values that it has; others are refused. Without them any value of the type may stand. */
  readonly values?: readonly FilterScalar[];
  /** Its values are numbers of articles, which are brought to the forms that statutes write. */
  readonly articles?: boolean;
}

/** What a model made of a query: a filter, or none; and what was wrong with its answer where that is why there is none. */
export interface ModelFilter {
  readonly filter: Filter | undefined;
  readonly problem?: string;
}

/** Conditions that an answer may have. */
const MOST_CONDITIONS = 8;

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const answerSchema = z.strictObject({
  conditions: z.array(z.strictObject({ field: z.string(), equals: scalar })).max(MOST_CONDITIONS),
});

/**
 * Asks a language model which conditions on the known fields a query states. Its answer counts only when it is JSON of the wanted form, and names known fields with values of their type, and of
 * those that there are; else there is no filter, and `problem` says why.
 *
 * @param complete gives the model's answer to a prompt; what it throws is thrown on
 */
export async function filterByModel(
  query: string,
  fields: readonly KnownField[],
  complete: (prompt: string) => Promise<string>,
): Promise<ModelFilter> {
  const answer = await complete(selfQueryPrompt(query, fields));
  const parsed = readAnswer(answer);
  if ('problem' in parsed) return { filter: undefined, problem: parsed.problem };
  const byField = new Map<string, FilterScalar[]>();
  for (const { field, equals } of parsed.conditions) {
    const known = fields.find((one) => one.field === field);
    if (known === undefined) return refused(`the answer names the field ${JSON.stringify(field)}, which is not known`);
    const values = valuesOf(known, equals);
    if (values === undefined) return refused(`the answer has ${JSON.stringify(equals)} as ${field}, which is no value of it`);
    byField.set(field, [...(byField.get(field) ?? []), ...values]);
  }
  const filters = Array.from(
    byField,
    ([field, values]): Filter => (values.length === 1 ? { field, equals: values[0]! } : { field, in: values }),
  );
  return { filter: filters.length > 1 ? { and: filters } : filters[0] };
}

function selfQueryPrompt(query: string, fields: readonly KnownField[]): string {
  const lines = fields.map(({ field, description, type, values, articles }) => {
    const form = articles ? ' like 第十条 or 第三十七条之一' : '';
    const known = values === undefined ? '' : `, one of ${JSON.stringify(values)}`;
    return `- ${JSON.stringify(field)}: ${description} (${type}${form}${known})`;
  });
  return [
    'Documents have these fields:',
    ...lines,
    '',
    'Which conditions on these fields does the query below state itself? Only what it says literally counts; what it is about is no condition.',
    'Answer with JSON and nothing else: {"conditions":[{"field":"...","equals":...}]}, or {"conditions":[]} where it states none.',
    '',
    `Query: ${JSON.stringify(query)}`,
  ].join('\n');
}

function readAnswer(answer: string): z.infer<typeof answerSchema> | { readonly problem: string } {
  let json: unknown;
  try {
    json = JSON.parse(answer.trim());
  } catch (error) {
    return { problem: `the answer is no JSON (${messageOf(error)})` };
  }
  const parsed = answerSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  return { problem: `the answer has another form: ${issue.path.map(String).join('.') || 'the whole'}: ${issue.message}` };
}

function valuesOf({ type, values, articles }: KnownField, value: FilterScalar): FilterScalar[] | undefined {
  if (typeof value !== (type === 'text' ? 'string' : type)) return undefined;
  if (articles && typeof value === 'string') {
    const [article, ...others] = findArticles(value);
    return article !== undefined && others.length === 0 ? articleForms(article) : undefined;
  }
  return values === undefined || values.includes(value) ? [value] : undefined;
}

function refused(problem: string): ModelFilter {
  return { filter: undefined, problem };
}
