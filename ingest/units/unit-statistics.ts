import type { Unit, UnitBorder } from './unit.ts';
import type { UnitSettings } from './unit-settings.ts';

/** What became of documents when they were cut. */
export interface UnitStatistics {
  readonly units: number;
  /** Of all units, by the tokenizer that they were cut with; zeros for no units. The median of an even number is the larger of the two in the middle. */
  readonly tokens: { readonly smallest: number; readonly median: number; readonly largest: number };
  /** What the units begin at. */
  readonly borders: Readonly<Record<UnitBorder, number>>;
  /** Boundary-alignment rate: the share of units that begin at a document, a heading or a block, and not inside one; 1 for no units. */
  readonly alignment: number;
  /** The same of the borders between the units of a document, without the documents' own beginnings; 1 where there are none. */
  readonly innerAlignment: number;
  /** Units with more tokens than the maximum: documents that are one unit by their nature, and no others. */
  readonly aboveMaximum: number;
  /** Units with fewer than the minimum: the only ones of short documents, and others, whose neighbours are too large to be joined with them. */
  readonly belowMinimum: { readonly shortDocuments: number; readonly others: number };
}

/** @param documents the units of each document, in order */
export function unitStatistics(
  documents: Iterable<readonly Unit[]>,
  { minimumTokens, maximumTokens }: Pick<UnitSettings, 'minimumTokens' | 'maximumTokens'>,
): UnitStatistics {
  const borders: Record<UnitBorder, number> = { document: 0, heading: 0, block: 0, row: 0, sentence: 0, inside: 0 };
  const sizes: number[] = [];
  const below = { shortDocuments: 0, others: 0 };
  for (const units of documents) {
    for (const { tokens, startsAt } of units) {
      borders[startsAt] += 1;
      sizes.push(tokens);
      if (tokens < minimumTokens) below[units.length === 1 ? 'shortDocuments' : 'others'] += 1;
    }
  }
  const ascending = Float64Array.from(sizes).sort();
  const inner = borders.heading + borders.block;
  const all = sizes.length;
  return {
    units: all,
    tokens: { smallest: ascending[0] ?? 0, median: ascending[all >>> 1] ?? 0, largest: ascending.at(-1) ?? 0 },
    borders,
    alignment: all === 0 ? 1 : (borders.document + inner) / all,
    innerAlignment: all === borders.document ? 1 : inner / (all - borders.document),
    aboveMaximum: ascending.filter((size) => size > maximumTokens).length,
    belowMinimum: below,
  };
}
