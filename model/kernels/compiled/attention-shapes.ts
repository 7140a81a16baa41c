/**
 * Shapes of what the op `CemAttention` gives (c/attention.c makes them): the mixed values, and what its gradient needs of the softmax, a maximum and a sum a query.
 *
 * @param projections [batch * positions, 3 * channels] queries, keys and values
 * @param mask [batch, positions]
 * @returns [batch * positions, channels] and [batch, heads, positions, 2]
 */
export function attentionShapes(
  projections: readonly number[],
  mask: readonly number[],
  heads: number,
): readonly (readonly number[])[] {
  const [rows, columns] = projections as [number, number];
  const [batch, positions] = mask as [number, number];
  return [
    [rows, columns / 3],
    [batch, heads, positions, 2],
  ];
}
