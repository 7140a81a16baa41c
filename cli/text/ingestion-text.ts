import { formatBytes } from '../../base/index.ts';
import { unreadNote } from '../../encoders/index.ts';
import type { EncodedPictures } from '../../rag/pictures/index.ts';
import type { IngestResult } from '../../recipes/ingest/index.ts';
import type { QueueIngestResult } from '../../recipes/jobs/index.ts';

/** An ingestion, and what became of pictures where these are encoded. */
export interface IngestAnswer extends IngestResult {
  readonly pictures?: EncodedPictures;
}

/** Files that could not be read, and warnings, that are named; `--json` has all of them. */
const NAMED = 10;

/** An ingestion as people read it. */
export function describeIngestion(result: IngestAnswer): string {
  const { collection, files, bytes, problems, warnings, units, pruned, figures, documents, passages, index, seconds } = result;
  const { added, changed, unchanged, gone } = files;
  return [
    `${collection}: ${files.found} files: ${added} new, ${changed} changed, ${unchanged} unchanged, ${gone} gone` +
      `; ${documents} units, ${passages} passages ${index === undefined ? 'as before' : 'now'}, ${seconds.toFixed(1)} s`,
    ...(units.units === 0
      ? []
      : [
          `parsed ${formatBytes(bytes)}: ${units.units} units of ${units.tokens.smallest} to ${units.tokens.largest} tokens (half of them up to ${units.tokens.median}), ${(100 * units.alignment).toFixed(1)}% begin at a border of the document${pruned > 0 ? `; ${pruned} blocks left out by rules` : ''}`,
        ]),
    ...describeFigures(figures),
    ...(index === undefined ? [] : [describeIndex(index)]),
    ...describePictures(result.pictures),
    ...named(
      problems,
      ({ code, message, kept }) => `${code}: ${message}${kept ? '; what the collection has of it stays' : ''}`,
      'not read',
    ),
    ...named(warnings, (warning) => warning, 'warnings'),
  ].join('\n');
}

function describeFigures({ described, stored, leftOut }: IngestResult['figures']): string[] {
  const others = Object.entries(leftOut).filter(([, count]) => count > 0);
  if (described === 0 && others.length === 0) return [];
  const why = others.map(([reason, count]) => `${count} ${FIGURE_REASONS[reason as keyof typeof leftOut]}`);
  return [
    `${described} figures, ${stored} pictures stored${why.length > 0 ? `; left out as no figures: ${why.join(', ')}` : ''}`,
  ];
}

const FIGURE_REASONS = {
  small: 'small',
  plain: 'of one colour',
  unreadable: 'not readable',
  large: 'too large',
  repeated: 'that repeat',
} as const;

function describePictures(pictures: EncodedPictures | undefined): string[] {
  if (pictures === undefined) return [];
  return Object.entries(pictures.vectors).map(
    ([type, { encoded, kept, leftOut, vectors, bytes }]) =>
      `${vectors} ${type} vectors of pictures by ${pictures.encoder} (${formatBytes(bytes)}): ${encoded} encoded, ${kept} as before${leftOut > 0 ? `, ${leftOut} without` : ''}`,
  );
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

/** What was left to workers. */
export function describeQueued({ files, queued, problems }: QueueIngestResult): string {
  const { found, added, changed, unchanged, gone } = files;
  return [
    `${found} files: ${added} new, ${changed} changed, ${unchanged} as they were, ${gone} gone`,
    `${queued} were left to workers (cem worker; cem jobs says how far they are)`,
    ...problems.map(({ path, message }) => `${path}: ${message}`),
  ].join('\n');
}
