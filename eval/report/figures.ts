/** How figures are written, in page and Markdown alike. */
export const figures = {
  score: (value: number): string => value.toFixed(4),
  signedScore: (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`,
  share: (value: number): string => `${(100 * value).toFixed(1)}%`,
  count: (value: number): string => String(value),
  rate: (value: number): string => value.toFixed(1),
  megabytes: (value: number): string => value.toFixed(3),
  bytes: formatBytes,
} as const;

export type FigureFormat = keyof typeof figures;

/** `8.35 MB`: decimal units, three digits. */
function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}
