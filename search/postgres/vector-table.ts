import type { VectorForm } from './vector-form.ts';

/**
 * How the tables of a store are laid out. 1: primary key (document, chunk), vectors of zeros as they are. 2: a unique index over the document's digest and the
 * chunk, so that an id may be of any length; an index over labels of access; vectors of zeros as null. 3: a column `passage`, and it in the key. 4: columns `unit` and `owner`, and the
 * tables of terms beside (term-tables.ts); a store has it from when terms are first asked for.
 */
export type Layout = 1 | 2 | 3 | 4;
/** Of a new store without terms, and what earlier ones are brought to. */
export const LAYOUT = 3 satisfies Layout;
export const LAYOUT_WITH_TERMS = 4 satisfies Layout;

/** Whether rows can be written as the tables are. */
export const isWritable = (layout: Layout): boolean => layout >= LAYOUT;

/** The table that is searched: columns document, chunk, passage (from layout 3), fingerprint, metadata, unit and owner (from layout 4), and those of the form. */
export interface VectorTable {
  readonly name: string;
  readonly form: VectorForm;
  readonly dimension: number;
  readonly layout: Layout;
  /** Whether a row's terms are kept, as an SQL condition; undefined where the store keeps none. */
  readonly termsKept?: string | undefined;
  /** Into how many tables its rows are spread by a hash of their document; undefined where it is one. */
  readonly partitions?: number | undefined;
  /** Whether rows have columns for vector groups. */
  readonly groups?: boolean | undefined;
}

/** The passage's number of a row, as a column of a select list. */
export const passageColumn = ({ layout }: VectorTable): string => (isWritable(layout) ? 'passage' : '0 as passage');

/** Whether a row's vector is a direction: one of zeros is null, which no index holds. */
export function directed({ form, dimension, layout }: VectorTable): string {
  const [{ name }] = form.columns(dimension);
  // The first layout had precisions of one column only.
  return layout === 1 ? `${name} <#> ${name} < 0` : `${name} is not null`;
}
