/** A table of Markdown. */
export function writeTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), `|${' --- |'.repeat(header.length)}`, ...rows.map(line)].join('\n');
}

/** With thousands set apart, and in brackets below zero, as reports of companies write it. */
export function writeAmount(value: number): string {
  const digits = Math.abs(value).toLocaleString('en-US');
  return value < 0 ? `(${digits})` : digits;
}

export function writeShare(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
