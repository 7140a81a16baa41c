/** `8.35 MB`: decimal units, three digits. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toPrecision(3)} ${units[unit]}`;
}

/** `61.3%` */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** The line about documents that have no text; none when all have some. */
export function describeEmpty(count: number): string[] {
  if (count === 0) return [];
  return [count === 1 ? '1 document has no text: no search finds it' : `${count} documents have no text: no search finds them`];
}
