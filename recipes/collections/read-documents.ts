import { UsageError } from '../../base/index.ts';
import { figureOfMetadata, type Metadata } from '../../data/index.ts';
import { collectionTexts, readWholeChunks } from '../../rag/index.ts';
import { type Filter, withAccess } from '../../search/index.ts';
import type { CollectionView } from './collection-view.ts';
import type { AccessLabels, DocumentSummary, DocumentsWanted, LiveDocument, LiveFigure, LiveUnit } from './live-types.ts';
import type { OpenedCollection } from './opened-collection.ts';

const LISTED = 100;
const MOST_LISTED = 1_000;

/** A filter, and the asker's labels on top of it. */
export function permitted(filter: Filter | undefined, labels: AccessLabels): Filter | undefined {
  return labels === 'everything' ? filter : withAccess(filter, labels);
}

/**
 * A page of the documents that the asker may see something of, in the order of their ids.
 *
 * @throws UsageError `DOCUMENTS_LIMIT`
 */
export async function listDocuments(
  opened: OpenedCollection,
  { labels, after, limit = LISTED, source }: DocumentsWanted,
): Promise<{ readonly documents: DocumentSummary[]; readonly next?: string }> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_LISTED) {
    throw new UsageError('DOCUMENTS_LIMIT', `a list has 1 to ${MOST_LISTED} documents, not ${limit}`, { details: { limit } });
  }
  return opened.read(async (view, asked) => {
    const { corpus } = view.parts;
    if (corpus === undefined) return { documents: [] };
    const filter = permitted(source === undefined || source === '' ? undefined : beginsWith(source), labels);
    const groups = await opened.folder.store.listing.groups({ filter, after, limit: limit + 1 });
    asked();
    const documents: DocumentSummary[] = [];
    for (const { name, documents: units, example } of groups.slice(0, limit))
      documents.push(summaryOf(name, units, await corpus.documentMetadata(example)));
    return { documents, ...(groups.length > limit && { next: groups[limit - 1]!.name }) };
  });
}

/** A document with those of its units that the asker may see; undefined where that is none. */
export async function readDocument(
  opened: OpenedCollection,
  id: string,
  labels: AccessLabels,
): Promise<LiveDocument | undefined> {
  return opened.read(async (view, asked) => {
    const known = view.document(id);
    if (known === undefined) return undefined;
    const ids = Array.from({ length: known.units }, (_, number) => `${id}-${number}`);
    const contents = await readUnits(opened, view, ids, labels, asked);
    const [first] = contents;
    return first && { ...summaryOf(id, contents.length, first.metadata), contents };
  });
}

/** A unit, if the asker may see it. */
export async function readUnit(opened: OpenedCollection, id: string, labels: AccessLabels): Promise<LiveUnit | undefined> {
  return opened.read(async (view, asked) => {
    if (view.document(documentOf(id)) === undefined) return undefined;
    const [unit] = await readUnits(opened, view, [id], labels, asked);
    return unit;
  });
}

/** The picture of a figure, by the unit that describes it, if the asker may see that; undefined where it is none, or its picture is not stored. */
export async function readFigure(opened: OpenedCollection, unit: string, labels: AccessLabels): Promise<LiveFigure | undefined> {
  return opened.read(async (view, asked) => {
    const { corpus } = view.parts;
    if (corpus === undefined || view.document(documentOf(unit)) === undefined) return undefined;
    const permittedChunks = await opened.folder.store.listing.chunks([unit], permitted(undefined, labels));
    asked();
    if (permittedChunks.length === 0) return undefined;
    const figure = figureOfMetadata(await corpus.documentMetadata(unit));
    const picture = figure?.stored === true ? await opened.folder.figures.read(figure.id) : undefined;
    return figure && picture && { figure, ...picture };
  });
}

/** The store says which of them the asker may see; only their texts are read. */
async function readUnits(
  { folder }: OpenedCollection,
  view: CollectionView,
  ids: readonly string[],
  labels: AccessLabels,
  asked: () => void,
): Promise<LiveUnit[]> {
  const { corpus } = view.parts;
  if (corpus === undefined) return [];
  const chunks = await folder.store.listing.chunks(ids, permitted(undefined, labels));
  asked();
  const unitOf = new Map(chunks.map(({ document, chunk }) => [chunk, document]));
  const read = await readWholeChunks(collectionTexts(corpus), [...unitOf.keys()]);
  return read
    .map(({ chunk, text, metadata }) => unitFrom(unitOf.get(chunk)!, text, metadata as Metadata | undefined))
    .sort((left, right) => numberOf(left.id) - numberOf(right.id));
}

function unitFrom(id: string, text: string, metadata: Metadata | undefined): LiveUnit {
  const { source, title, headings, pages } = metadata ?? {};
  return {
    id,
    document: documentOf(id),
    ...(source !== undefined && { source }),
    ...(title !== undefined && { title }),
    ...(headings && { headings }),
    ...(pages && { pages }),
    text,
    ...(metadata && { metadata }),
  };
}

function summaryOf(id: string, units: number, metadata: Metadata | undefined): DocumentSummary {
  const { source = '', title, labels } = metadata ?? {};
  return { id, source, ...(title !== undefined && { title }), units, ...(labels && { labels }) };
}

/** The document that a unit is of. */
function documentOf(unit: string): string {
  return unit.replace(/-\d+$/, '');
}

const numberOf = (unit: string): number => Number(unit.slice(unit.lastIndexOf('-') + 1));

/** Texts compare by code points, so that those which begin with a prefix stand between it and the next text of its length. */
function beginsWith(prefix: string): Filter {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.at(-1) === LAST_POINT) points.pop();
  const last = points.pop();
  if (last === undefined) return { field: 'source', range: { gte: prefix } };
  const next = last + 1 >= FIRST_SURROGATE && last + 1 <= LAST_SURROGATE ? LAST_SURROGATE + 1 : last + 1;
  return { field: 'source', range: { gte: prefix, lt: String.fromCodePoint(...points, next) } };
}

const LAST_POINT = 0x10ffff;
const [FIRST_SURROGATE, LAST_SURROGATE] = [0xd800, 0xdfff];
