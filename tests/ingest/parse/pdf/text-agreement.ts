/** How far two texts of one book agree, by characters. */
export interface Agreement {
  /** Length of the longest common subsequence, section by section. */
  readonly common: number;
  readonly first: number;
  readonly second: number;
}

/** A heading and what stands below it. */
export interface Section {
  readonly title: string;
  readonly text: string;
}

/** Length of the longest common subsequence of two lists, by Myers' greedy algorithm (1986): its cost is the length times the number of differences. */
function commonLength(first: readonly unknown[] | string, second: readonly unknown[] | string): number {
  const [n, m] = [first.length, second.length];
  const most = n + m;
  const reach = new Int32Array(2 * most + 2);
  for (let distance = 0; distance <= most; distance += 1) {
    for (let diagonal = -distance; diagonal <= distance; diagonal += 2) {
      const down = diagonal === -distance || (diagonal !== distance && reach[most + diagonal - 1]! < reach[most + diagonal + 1]!);
      let x = down ? reach[most + diagonal + 1]! : reach[most + diagonal - 1]! + 1;
      while (x < n && x - diagonal < m && first[x] === second[x - diagonal]) x += 1;
      reach[most + diagonal] = x;
      if (x >= n && x - diagonal >= m) return (most - distance) / 2;
    }
  }
  return 0;
}

/** Pairs of equal titles in the order of both lists (a longest common subsequence, by the table of all prefixes). */
export function matchTitles(first: readonly string[], second: readonly string[]): [number, number][] {
  const width = second.length + 1;
  const lengths = new Int32Array((first.length + 1) * width);
  for (let i = first.length - 1; i >= 0; i -= 1)
    for (let j = second.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] =
        first[i] === second[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < first.length && j < second.length; ) {
    if (first[i] === second[j]) pairs.push([i++, j++]);
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i += 1;
    else j += 1;
  }
  return pairs;
}

/** Agreement of two books' sections: those whose titles match are compared with each other, and what stands between two matches as a whole. */
export function agreementOf(first: readonly Section[], second: readonly Section[]): Agreement {
  const pairs: [number, number][] = [
    ...matchTitles(
      first.map(({ title }) => title),
      second.map(({ title }) => title),
    ),
    [first.length, second.length],
  ];
  const total = { common: 0, first: 0, second: 0 };
  let [i, j] = [0, 0];
  for (const [nextI, nextJ] of pairs) {
    const a = first.slice(i, nextI).map(({ title, text }) => title + text);
    const b = second.slice(j, nextJ).map(({ title, text }) => title + text);
    // Characters outside the basic plane count as two, on both sides.
    total.common += commonLength(a.join(''), b.join(''));
    total.first += a.join('').length;
    total.second += b.join('').length;
    [i, j] = [nextI, nextJ];
  }
  return total;
}

/** A text for comparison: without white space, quotation marks and dashes of one kind. What printers draw otherwise is no difference of the text. */
export function folded(text: string): string {
  return text
    .replace(/\s+/gu, '')
    .replace(/[“”„‟″]/g, '"')
    .replace(/[‘’‚‛′`´]/g, "'")
    .replace(/[‐‑‒–—―−]/g, '-')
    .replace(/…/g, '...');
}
