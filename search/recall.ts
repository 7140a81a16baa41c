import assert from 'node:assert/strict';

/**
 * Which part of the exact results another search found too, over all queries: 1 when it found all of them, in whatever order.
 * Queries without exact results do not count; 1 when none counts.
 *
 * @param exact for each query the ids (or numbers) of its best results
 * @param found the same of the other search
 */
export function recallAgainst<Id>(exact: readonly (readonly Id[])[], found: readonly (readonly Id[])[]): number {
  assert.equal(found.length, exact.length);
  let [wanted, there] = [0, 0];
  exact.forEach((ids, query) => {
    const known = new Set(found[query]);
    wanted += ids.length;
    for (const id of ids) if (known.has(id)) there++;
  });
  return wanted === 0 ? 1 : there / wanted;
}
