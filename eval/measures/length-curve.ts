import type { MeasureValues, Qrels } from './measures.ts';

const MOST_GROUPS = 6;
/** Fewer would make a mean of chance. */
const LEAST_QUERIES = 5;

/** Queries whose relevant documents are about as long as each other. */
export interface LengthGroup {
  /** Shortest and longest, in UTF-8 bytes: of each query the mean over its relevant candidates. */
  readonly from_bytes: number;
  readonly to_bytes: number;
  readonly queries: number;
  /** Mean by row. */
  readonly ndcg_at_10: Readonly<Record<string, number>>;
}

/**
 * Quality by how long the documents are that had to be found: the queries sorted by it and cut into at most 6 groups of equal size. Queries without
 * a relevant candidate are left out.
 *
 * @param bytes of every candidate, by id
 * @param perQuery measures by query, of each row
 */
export function lengthCurve(
  qrels: Qrels,
  bytes: ReadonlyMap<string, number>,
  perQuery: Readonly<Record<string, ReadonlyMap<string, MeasureValues>>>,
): LengthGroup[] {
  const queries: { id: string; length: number }[] = [];
  for (const [id, judgments] of qrels) {
    const lengths = [...judgments]
      .filter(([document, grade]) => grade > 0 && bytes.has(document))
      .map(([document]) => bytes.get(document)!);
    if (lengths.length > 0) queries.push({ id, length: lengths.reduce((sum, length) => sum + length, 0) / lengths.length });
  }
  queries.sort((left, right) => left.length - right.length);
  const groups = queries.length === 0 ? 0 : Math.max(1, Math.min(MOST_GROUPS, Math.floor(queries.length / LEAST_QUERIES)));
  return Array.from({ length: groups }, (_, group) => {
    const first = Math.round((group * queries.length) / groups);
    const members = queries.slice(first, Math.round(((group + 1) * queries.length) / groups));
    const mean = (values: ReadonlyMap<string, MeasureValues>): number =>
      members.reduce((sum, { id }) => sum + values.get(id)!['ndcg_at_10']!, 0) / members.length;
    return {
      from_bytes: Math.round(members[0]!.length),
      to_bytes: Math.round(members.at(-1)!.length),
      queries: members.length,
      ndcg_at_10: Object.fromEntries(Object.entries(perQuery).map(([row, values]) => [row, mean(values)])),
    };
  });
}
