import { formatTable } from '../../base/index.ts';
import type { FieldsEvaluation } from '../../recipes/evaluate/index.ts';

/** What groups of vectors are worth, as tables. */
export function fieldsText({
  queries,
  passages,
  candidates,
  encoder,
  head,
  topPerQuery,
  rows,
  differences,
}: FieldsEvaluation): string {
  const table = formatTable(
    ['ranking', 'nDCG@10', 'vectors a query', 'a passage', 'numbers', 'bytes', 'share of the field'],
    rows.map(({ name, ndcg, vectors, bytes, shares }) => [
      name,
      ndcg.toFixed(4),
      vectors.query.toFixed(1),
      vectors.key.toFixed(1),
      String(vectors.dimension),
      bytes === undefined ? '' : bytes.toFixed(0),
      shares ? shares.join(', ') : '',
    ]),
  );
  const tests = formatTable(
    ['second', 'first', 'second - first', '95% interval', 'p'],
    differences.map(({ first, second, difference, interval, p }) => [
      second,
      first,
      signed(difference),
      `${signed(interval.low)} to ${signed(interval.high)}`,
      p.toFixed(4),
    ]),
    { left: 2 },
  );
  return [
    `${queries} queries, ${passages} passages, the best ${candidates} by one vector a text ranked anew; ${encoder}${head === null ? '' : `, ${head}`}`,
    `top_mean: mean of the best ${topPerQuery} matches; sum: ColBERT's, of all; + coarse: in a sum with the cosine of one vector a text, its share chosen on the other half of the queries`,
    '',
    table,
    '',
    tests,
  ].join('\n');
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}
