import { z } from 'zod';
import { UsageError } from '../base/index.ts';
import type { Filter } from './filter.ts';
import { isStorable, STORABLE_TEXT_RULE } from './storable-text.ts';

/** How deep clauses lie in each other, and how many there are: far below what a PostgreSQL parses without complaint. */
const MAXIMUM_DEPTH = 16;
const MAXIMUM_CLAUSES = 256;
/** Limits of a filter from outside: values in all its lists, and characters in all its texts. */
const MAXIMUM_VALUES = 1000;
const MAXIMUM_CHARACTERS = 65_536;
/** Keys of a path. */
const MAXIMUM_KEYS = 16;

const text = z.string().refine(isStorable, `holds ${STORABLE_TEXT_RULE}`);
const scalar = z.union([text, z.number(), z.boolean()], 'must be a text, a finite number, true or false');
const field = text.refine((path) => {
  const keys = path.split('.');
  return keys.length <= MAXIMUM_KEYS && keys.every((key) => key !== '');
}, `must be 1 to ${MAXIMUM_KEYS} keys joined by dots, like fields.year`);
const bound = z.union([text, z.number()], 'must be a text or a finite number').optional();
const range = z
  .strictObject({ gt: bound, gte: bound, lt: bound, lte: bound })
  .refine((bounds) => boundTypes(bounds).size > 0, 'needs a bound: gt, gte, lt or lte')
  .refine((bounds) => boundTypes(bounds).size <= 1, 'bounds must be all numbers or all texts');
const label = text.refine((name) => name !== '', 'must not be empty');

function boundTypes(bounds: object): Set<string> {
  return new Set(Object.values(bounds).flatMap((value) => (value === undefined ? [] : [typeof value])));
}

const leaves = {
  documents: z.strictObject({ documents: z.array(text) }),
  equals: z.strictObject({ field, equals: z.union([scalar, z.null()], 'must be a text, a finite number, true, false or null') }),
  in: z.strictObject({ field, in: z.array(scalar) }),
  range: z.strictObject({ field, range }),
} as const;
const access = { access: z.strictObject({ access: z.array(label) }) } as const;

/** The schema of a clause, chosen by the key that names its kind, so that what is wrong is said of that kind and at its place. */
function clauseSchema(further: Readonly<Record<string, z.ZodType<Filter>>>): z.ZodType<Filter> {
  const clause: z.ZodType<Filter> = z.unknown().transform((value, context): Filter => {
    const kind = isObject(value) ? Object.keys(kinds).find((key) => Object.hasOwn(value, key)) : undefined;
    if (kind === undefined) {
      const message = `must be an object with one of ${Object.keys(kinds).join(', ')}`;
      context.issues.push({ code: 'custom', message, input: value });
      return z.NEVER;
    }
    const parsed = kinds[kind]!.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues)
      context.issues.push({ code: 'custom', path: [...path], message, input: value });
    return z.NEVER;
  });
  const kinds: Readonly<Record<string, z.ZodType<Filter>>> = {
    and: z.strictObject({ and: z.array(clause) }),
    or: z.strictObject({ or: z.array(clause) }),
    not: z.strictObject({ not: clause }),
    ...leaves,
    ...further,
  };
  return clause;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Size {
  clauses: number;
  depth: number;
  values: number;
  characters: number;
}

/** How large something is that may be a filter, whatever it is: without recursion, so that depth cannot hurt. */
function sizeOf(filter: unknown): Size {
  const size: Size = { clauses: 0, depth: 0, values: 0, characters: 0 };
  const open: [value: unknown, depth: number][] = [[filter, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [value, depth] = next;
    if (typeof value === 'string') size.characters += value.length;
    else if (Array.isArray(value)) {
      size.values += value.length;
      for (const element of value) open.push([element, depth]);
    } else if (isObject(value)) {
      size.clauses++;
      size.depth = Math.max(size.depth, depth + 1);
      for (const inner of Object.values(value)) open.push([inner, depth + 1]);
    }
    // A range is an object too, which is no clause: the bounds are wide enough for it.
    if (size.depth > 2 * MAXIMUM_DEPTH || size.clauses > 2 * MAXIMUM_CLAUSES) break;
  }
  return size;
}

function tooLarge(filter: unknown, fromOutside: boolean): string | undefined {
  const { clauses, depth, values, characters } = sizeOf(filter);
  if (depth > MAXIMUM_DEPTH) return `clauses may lie ${MAXIMUM_DEPTH} deep, not deeper`;
  if (clauses > MAXIMUM_CLAUSES) return `there may be ${MAXIMUM_CLAUSES} clauses, not more`;
  if (!fromOutside) return undefined;
  if (values > MAXIMUM_VALUES) return `its lists may have ${MAXIMUM_VALUES} values in all, not ${values}`;
  if (characters > MAXIMUM_CHARACTERS) return `its texts may have ${MAXIMUM_CHARACTERS} characters in all, not ${characters}`;
  return undefined;
}

function withinBounds(schema: z.ZodType<Filter>, fromOutside: boolean): z.ZodType<Filter> {
  return z
    .unknown()
    .superRefine((value, context) => {
      const message = tooLarge(value, fromOutside);
      if (message !== undefined) context.addIssue({ code: 'custom', message, input: value });
    })
    .pipe(schema);
}

/** A filter as it comes from outside (HTTP, the command line): bounded in size, and without `access`, which is not the asker's to say. */
export const filterSchema: z.ZodType<Filter> = withinBounds(clauseSchema({}), true);

const anyFilter = withinBounds(clauseSchema(access), false);

/** What is wrong with a filter, in one line: the place and the first thing found. */
export function describeFilterIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return `filter${(issue?.path ?? []).map((key) => `.${String(key)}`).join('')}: ${issue?.message ?? 'is none'}`;
}

/**
 * Every retriever and store checks its filter so, before it searches.
 *
 * @throws UsageError `SEARCH_FILTER` naming the place
 */
export function checkFilter(filter: Filter | undefined): void {
  if (filter === undefined) return;
  const parsed = anyFilter.safeParse(filter);
  if (parsed.success) return;
  throw new UsageError('SEARCH_FILTER', describeFilterIssue(parsed.error), { cause: parsed.error });
}
