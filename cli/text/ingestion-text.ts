import { formatBytes } from '../../base/index.ts';
import { unreadNote } from '../../encoders/index.ts';
import type { IngestResult } from '../../recipes/ingest/index.ts';

/** Files that could not be read, and warnings, that are named; `--json` has all of them. */
const NAMED = 10;

/** An ingestion as people read it. */
export function describeIngestion(result: IngestResult): string {
  const { collection, files, bytes, problems, warnings, units, pruned, documents, passages, index, seconds } = result;
  const { added, changed, unchanged, gone } = files;
  return [
    `${collection}: ${files.found} files: ${added} new, ${changed} changed, ${unchanged} unchanged, ${gone} gone` +
      `; ${documents} units, ${passages} passages ${index === undefined ? 'as before' : 'now'}, ${seconds.toFixed(1)} s`,
    ...(units.units === 0
      ? []
      : [
          `parsed ${formatBytes(bytes)}: ${units.units} units of ${units.tokens.smallest} to ${units.tokens.largest} tokens (half of them up to ${units.tokens.median}), ${(100 * units.alignment).toFixed(1)}% begin at a border of the document${pruned > 0 ? `; ${pruned} blocks left out by rules` : ''}`,
        ]),
    ...(index === undefined ? [] : [describeIndex(index)]),
    ...named(
      problems,
      ({ code, message, kept }) => `${code}: ${message}${kept ? '; what the collection has of it stays' : ''}`,
      'not read',
    ),
    ...named(warnings, (warning) => warning, 'warnings'),
  ].join('\n');
}

function describeIndex({ encoded, removed, empty, unread }: NonNullable<IngestResult['index']>): string {
  return [
    `${encoded} passages encoded`,
    ...(removed > 0 ? [`${removed} outdated rows removed`] : []),
    ...(empty > 0 ? [`${empty} without content, which no search finds`] : []),
    ...(unread === undefined ? [] : [unreadNote(unread, encoded)]),
  ].join(', ');
}

function named<Item>(items: readonly Item[], text: (item: Item) => string, what: string): string[] {
  if (items.length === 0) return [];
  const more = items.length - NAMED;
  return [
    `${items.length} ${what}:`,
    ...items.slice(0, NAMED).map((item) => `  ${text(item)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
