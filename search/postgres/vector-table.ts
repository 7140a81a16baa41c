import type { VectorForm } from './vector-form.ts';

/**
 * How the tables of a store are laid out. 1: primary key (document, chunk), vectors of zeros as they are. 2: a unique index over the document's digest and the
 * chunk, so that an id may be of any length; an index over labels of access; vectors of zeros as null. 3: a column `passage`, and it in the key.
 */
export type Layout = 1 | 2 | 3;
export const LAYOUT = 3 satisfies Layout;

/** The table that is searched: columns document, chunk, passage (from layout 3), fingerprint, metadata, and those of the form. */
export interface VectorTable {
  readonly name: string;
  readonly form: VectorForm;
  readonly dimension: number;
  readonly layout: Layout;
}

/** The passage's number of a row, as a column of a select list. */
export const passageColumn = ({ layout }: VectorTable): string => (layout === LAYOUT ? 'passage' : '0 as passage');

/** Whether a row's vector is a direction: one of zeros is null, which no index holds. */
export function directed({ form, dimension, layout }: VectorTable): string {
  const [{ name }] = form.columns(dimension);
  // The first layout had precisions of one column only.
  return layout === 1 ? `${name} <#> ${name} < 0` : `${name} is not null`;
}
