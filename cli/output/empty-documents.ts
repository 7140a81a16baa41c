/** The line about documents that have no text; none when all have some. */
export function describeEmpty(count: number): string[] {
  if (count === 0) return [];
  return [count === 1 ? '1 document has no text: no search finds it' : `${count} documents have no text: no search finds them`];
}
