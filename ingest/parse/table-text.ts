/**
 * A table as the lines of a Markdown table (GFM 4.10): cells between pipes, which are escaped inside them, and a line of dashes under the header rows. A table without header rows has no
 * such line.
 *
 * @param rows of equal length
 */
export function tableText(rows: readonly (readonly string[])[], headerRows: number): string {
  const lines = rows.map((cells) => `| ${cells.map(cellText).join(' | ')} |`);
  if (headerRows > 0 && rows.length > 0) lines.splice(headerRows, 0, `|${' --- |'.repeat(rows[0]!.length)}`);
  return lines.join('\n');
}

function cellText(cell: string): string {
  return cell
    .replace(/\s*[\n\r]\s*/g, ' ')
    .replace(/\\/g, '\\\\')
    .replace(/\|/g, '\\|');
}
