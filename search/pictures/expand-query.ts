/** A figure's number as captions and questions have it: `图4：`, `图 4-1`, `Figure 4.`, `Fig. 4`, `表2：`. */
const LABEL = /^\s*((?:图|表|圖|figure|fig\.?|table|chart)\s*\d+(?:[-.]\d+)*)\s*[:：.、，,\s]\s*/iu;
/** What divides a question into parts that are looked for by themselves. */
const DIVIDERS = /[，,；;。：:、?？!！（）()《》“”"]+/u;
/** Characters of a part, at least. */
const SHORTEST = 4;

/**
 * Other ways to say what a query asks, made of its own words: without the figure's number, its number alone, and its parts between punctuation marks. The query itself is none of them.
 *
 * @example expandQuery('图4：中芯国际归母净利润情况概览') // ['中芯国际归母净利润情况概览', '图4']
 */
export function expandQuery(query: string): string[] {
  const label = LABEL.exec(query);
  const rest = label === null ? query : query.slice(label[0].length);
  const parts = rest
    .split(DIVIDERS)
    .map((part) => part.trim())
    .filter((part) => part.length >= SHORTEST);
  const others = [rest.trim(), ...(label === null ? [] : [label[1]!.replace(/\s+/g, ' ')]), ...parts];
  return [...new Set(others)].filter((other) => other !== '' && other !== query.trim());
}
