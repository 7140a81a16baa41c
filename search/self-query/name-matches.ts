/** Where a text has a name of a value. */
export interface NameMatch {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Where a text has names of values, from left to right, without overlaps; of names that begin at one place the longest. Names in letters of an alphabet are whole words there, in whatever case.
 *
 * @param names the values, and the names of each beside itself
 */
export function findNames(text: string, names: Readonly<Record<string, readonly string[]>>): NameMatch[] {
  const values = new Map<string, string>();
  for (const [value, others] of Object.entries(names))
    for (const name of [value, ...others])
      if (name !== '') values.set(name.toLowerCase(), values.get(name.toLowerCase()) ?? value);
  if (values.size === 0) return [];
  const longestFirst = [...values.keys()].sort((left, right) => right.length - left.length);
  const pattern = new RegExp(longestFirst.map(wordPattern).join('|'), 'giu');
  return Array.from(text.matchAll(pattern), ({ 0: found, index }) => ({
    value: values.get(found.toLowerCase()) ?? found,
    start: index,
    end: index + found.length,
  }));
}

/** Letters and digits of Latin, Greek, Cyrillic: scripts with spaces between words. */
const SPACED = '[\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}\\p{Nd}]';

function wordPattern(name: string): string {
  const escaped = name.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  const spaced = new RegExp(SPACED, 'u');
  const before = spaced.test(name[0]!) ? `(?<!${SPACED})` : '';
  const after = spaced.test(name.at(-1)!) ? `(?!${SPACED})` : '';
  return `${before}${escaped}${after}`;
}
