import { createHash } from 'node:crypto';
import type { Document, Metadata } from '../../data/index.ts';
import type { ParsedDocument, Unit } from '../../ingest/index.ts';
import { given } from '../shared/given.ts';
import { periodFields } from './unit-periods.ts';

/** Between the parts of a prefix. */
const SEPARATOR = ' > ';

/** Id of a file's document: 40 hexadecimal digits of path, first page and number of the record. */
function documentId(path: string, page: number, record: number): string {
  return createHash('sha1')
    .update(JSON.stringify([path, page, record]))
    .digest('hex');
}

/** What a unit is found by beside its text: what its document says, else its title and the headings above it. */
function indexPrefix({ indexPrefix: given, title }: ParsedDocument, headings: readonly string[]): string {
  if (given !== undefined) return given;
  const parts = title === undefined || headings[0] === title ? headings : [title, ...headings];
  return parts.join(SEPARATOR);
}

export interface UnitDocuments {
  readonly id: string;
  readonly documents: readonly Document[];
  /** What its units are found by beside their texts, below these headings. */
  readonly prefixOf: (headings: readonly string[]) => string;
  /** What all of its units have. */
  readonly metadata: Metadata;
}

/**
 * A document's units as documents of a corpus, each with an id of its own, `<document>-<number>`.
 *
 * @param source what their metadata say of where they are from; the path, unless given
 * @param record its number in its file, from 1
 * @param periods whether units get the time that they are about as fields
 */
export function unitDocuments(
  document: ParsedDocument,
  units: readonly Unit[],
  {
    path,
    source = path,
    record,
    labels,
    periods = false,
  }: {
    readonly path: string;
    readonly source?: string | undefined;
    readonly record: number;
    readonly labels: readonly string[] | undefined;
    readonly periods?: boolean | undefined;
  },
): UnitDocuments {
  // Who ingests says who may see it, else the file itself does.
  const access = labels ?? document.labels;
  const id = documentId(path, document.blocks[0]?.pages?.first ?? 0, record);
  const common: Metadata = {
    source,
    ...given({ labels: access, title: document.title, language: document.language, fields: document.fields }),
  };
  const prefixOf = (headings: readonly string[]): string => indexPrefix(document, headings);
  const documents = units.map(({ text, headings, pages, span }, number): Document => {
    const time = periods ? periodFields({ text, headings }, document.title) : {};
    const fields = { ...time, ...document.fields };
    const metadata = {
      ...common,
      ...(Object.keys(time).length > 0 && { fields }),
      ...given({ pages, span }),
      ...(headings.length > 0 && { headings }),
    };
    return { id: `${id}-${number}`, title: prefixOf(headings), text, metadata, origin: path };
  });
  return { id, documents, prefixOf, metadata: common };
}
