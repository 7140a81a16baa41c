// Code of the page: see site-script.ts.

/** What the form of filters holds. */
export interface FilterChoices {
  /** Beginning of the source's path. */
  readonly source: string;
  /** Tag of a language; empty for all. */
  readonly language: string;
  readonly rows: readonly { readonly key: string; readonly value: string }[];
}

export type FilterClause = Readonly<Record<string, unknown>>;

/** The filter of `POST /v1/search` that says the same; undefined where everything may be found. */
export function buildFilter({ source, language, rows }: FilterChoices): FilterClause | undefined {
  const clauses: FilterClause[] = [];
  if (source.trim() !== '') clauses.push({ field: 'source', range: prefixRange(source.trim()) });
  if (language !== '') clauses.push({ field: 'language', equals: language });
  for (const { key, value } of rows) if (key.trim() !== '' && value.trim() !== '') clauses.push(fieldClause(key.trim(), value));
  return clauses.length > 1 ? { and: clauses } : clauses[0];
}

/** Texts that begin so, as bounds by code points: from the beginning itself to the first text behind all that have it. */
export function prefixRange(prefix: string): { readonly gte: string; readonly lt?: string } {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return { gte: prefix };
  // The half characters of UTF-16 are no code points of texts.
  const next = last + 1 === 0xd800 ? 0xe000 : last + 1;
  return { gte: prefix, lt: String.fromCodePoint(...points, next) };
}

/** A field that has one of the values, which commas part. What may be a number or a truth value may also be a text. */
export function fieldClause(key: string, value: string): FilterClause {
  const known = /^(title|source|language|labels|pages|headings|fields)(\.|$)/.test(key);
  const values = value.split(/[,，]/).flatMap((one): (string | number | boolean)[] => {
    const text = one.trim();
    if (text === '') return [];
    if (text === 'true' || text === 'false') return [text, text === 'true'];
    return /^-?\d+(\.\d+)?$/.test(text) ? [text, Number(text)] : [text];
  });
  const field = known ? key : `fields.${key}`;
  return values.length === 1 ? { field, equals: values[0] } : { field, in: values };
}
