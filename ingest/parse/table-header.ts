/** A cell of a header says in few words what its column holds. */
const LONGEST_LABEL = 60;
const NUMBER = /^[\s\d.,:%+\-–−/()¥$€£]+$/u;

/** Whether the first row of a table reads as its header, where the format does not say: it is full, of short words that differ, and none is a number. */
export function looksLikeHeader(rows: readonly (readonly string[])[]): boolean {
  const first = rows[0] ?? [];
  if (rows.length < 2 || first.length < 2) return false;
  return (
    new Set(first).size === first.length &&
    first.every((cell) => cell !== '' && cell.length <= LONGEST_LABEL && !NUMBER.test(cell))
  );
}
