import { CemError } from '../base/index.ts';
import { MAXIMUM_PASSAGES } from './passage-place.ts';
import { isStorable, isStorableJson, STORABLE_TEXT_RULE } from './storable-text.ts';
import type { RowMetadata, VectorRow } from './vector-store.ts';

/** @throws CemError `VECTOR_DIMENSION` */
export function checkDimension(vector: Float32Array, dimension: number, what: string): void {
  if (vector.length === dimension) return;
  throw new CemError('VECTOR_DIMENSION', `${what} has ${vector.length} values, and this store holds vectors of ${dimension}`, {
    details: { got: vector.length, wanted: dimension },
  });
}

/** Whether all values are zero: such a vector is no direction, so that its cosine with another says nothing. */
export function isZero(vector: Float32Array): boolean {
  for (let index = 0; index < vector.length; index++) if (vector[index] !== 0) return false;
  return true;
}

/** Why nothing can be ranked by a query's vector, in words for people; undefined where it can. */
export function whyUnsearchable(vector: Float32Array): string | undefined {
  if (isZero(vector)) return "the query's vector is all zeros: what encodes queries knows none of its words";
  const wrong = vector.find((value) => !Number.isFinite(value));
  return wrong === undefined ? undefined : `the query's vector holds ${wrong}, by which nothing can be ranked`;
}

/**
 * Every store takes an id, or none does.
 *
 * @throws CemError `VECTOR_STORE_ID`
 */
export function checkDocumentId(document: string): void {
  if (isStorable(document)) return;
  throw new CemError(
    'VECTOR_STORE_ID',
    `document id ${JSON.stringify(document)} holds ${STORABLE_TEXT_RULE}; give it another id`,
    { details: { document } },
  );
}

/** @throws CemError `VECTOR_STORE_PASSAGE` */
function checkPassage({ document, chunk, passage }: VectorRow): void {
  if (Number.isInteger(passage) && passage >= 0 && passage < MAXIMUM_PASSAGES) return;
  throw new CemError(
    'VECTOR_STORE_PASSAGE',
    `a passage of document ${JSON.stringify(document)}, chunk ${chunk}, has the number ${passage}; passages of a chunk are numbered from 0, and are ${MAXIMUM_PASSAGES} at most`,
    { details: { document, chunk, passage } },
  );
}

/**
 * A row's metadata as JSON. Labels of access must be what they are taken for, since a row without labels is open to everybody.
 *
 * @throws CemError `VECTOR_STORE_METADATA`
 */
export function metadataJson({ document, metadata }: Pick<VectorRow, 'document' | 'metadata'>): string {
  if (metadata === undefined) return '{}';
  const refuse = (what: string): CemError =>
    new CemError('VECTOR_STORE_METADATA', `the metadata of document ${JSON.stringify(document)} ${what}`, {
      details: { document },
    });
  if (Array.isArray(metadata)) throw refuse('is a list; give an object');
  const { labels }: RowMetadata & { readonly labels?: unknown } = metadata;
  if (labels !== undefined && !(Array.isArray(labels) && labels.every((label) => typeof label === 'string' && label !== '')))
    throw refuse(`has ${JSON.stringify(labels)} for labels; give a list of texts that are not empty`);
  const json = JSON.stringify(metadata);
  if (!isStorableJson(json)) throw refuse(`holds ${STORABLE_TEXT_RULE}; leave it out`);
  return json;
}

/** A row that was checked, its metadata as JSON. */
export interface CheckedRow extends VectorRow {
  readonly json: string;
}

/**
 * Checks rows and drops those that a later one with the same document, chunk and passage overwrites.
 *
 * @throws CemError `VECTOR_DIMENSION`, `VECTOR_VALUE`, `VECTOR_STORE_ID`, `VECTOR_STORE_PASSAGE`, `VECTOR_STORE_METADATA`
 */
export function lastRowsByKey(rows: readonly VectorRow[], dimension: number): CheckedRow[] {
  const unique = new Map<string, CheckedRow>();
  for (const row of rows) {
    const what = `the vector of document ${JSON.stringify(row.document)}, chunk ${row.chunk},`;
    checkDimension(row.vector, dimension, what);
    if (!row.vector.every(Number.isFinite))
      throw new CemError('VECTOR_VALUE', `${what} holds a value that is not a finite number`);
    checkDocumentId(row.document);
    checkPassage(row);
    unique.set(`${row.chunk} ${row.passage} ${row.document}`, { ...row, json: metadataJson(row) });
  }
  return [...unique.values()];
}
