/** The first JSON object in what a model wrote, which may stand in a fence or behind some words; undefined where there is none that can be read. */
export function writtenObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const start = text.indexOf('{');
  if (start < 0) return undefined;
  for (let end = text.lastIndexOf('}'); end > start; end = text.lastIndexOf('}', end - 1)) {
    try {
      const value: unknown = JSON.parse(text.slice(start, end + 1));
      return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
    } catch {
      // A shorter piece may be one.
    }
    if (text.length - end > TRIED) return undefined;
  }
  return undefined;
}

/** So many characters behind the object are passed over. */
const TRIED = 2000;

/** Strings of a list that somebody else made: trimmed, none empty, none twice, at most so many. */
export function stringsOf(value: unknown, most: number): string[] {
  if (!Array.isArray(value)) return [];
  const strings = value.filter((item) => typeof item === 'string').map((item) => item.trim());
  return [...new Set(strings.filter((item) => item !== ''))].slice(0, most);
}
