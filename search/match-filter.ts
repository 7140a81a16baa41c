import type { Filter, FilterRange } from './filter.ts';
import { compareIds } from './rank-order.ts';

/** Whether a chunk of this document, with this metadata, passes. */
export type FilterTest = (document: string, metadata: object | undefined) => boolean;

/** The filter as a function: what searches in memory go by, and what every store's own query must equal. */
export function compileFilter(filter: Filter): FilterTest {
  if ('documents' in filter) {
    const documents = new Set(filter.documents);
    return (document) => documents.has(document);
  }
  if ('access' in filter) return accessTest(filter.access);
  if ('and' in filter) {
    const tests = filter.and.map(compileFilter);
    return (document, metadata) => tests.every((test) => test(document, metadata));
  }
  if ('or' in filter) {
    const tests = filter.or.map(compileFilter);
    return (document, metadata) => tests.some((test) => test(document, metadata));
  }
  if ('not' in filter) {
    const test = compileFilter(filter.not);
    return (document, metadata) => !test(document, metadata);
  }
  const keys = filter.field.split('.');
  if ('in' in filter) {
    const wanted = new Set<unknown>(filter.in);
    return (_, metadata) => elementsOf(valuesAt(metadata, keys)).some((value) => wanted.has(value));
  }
  if ('range' in filter) {
    const within = rangeTest(filter.range);
    return (_, metadata) => elementsOf(valuesAt(metadata, keys)).some(within);
  }
  const { equals } = filter;
  if (equals === null) {
    return (_, metadata) => {
      const values = valuesAt(metadata, keys);
      return values.length === 0 || elementsOf(values).includes(null);
    };
  }
  return (_, metadata) => elementsOf(valuesAt(metadata, keys)).includes(equals);
}

/** Labels that are there but are no list open nothing. */
function accessTest(held: readonly string[]): FilterTest {
  const labels = new Set<unknown>(held);
  return (_, metadata) => {
    const wanted: unknown = metadata !== undefined && 'labels' in metadata ? metadata.labels : undefined;
    if (wanted === undefined) return true;
    return Array.isArray(wanted) && (wanted.length === 0 || wanted.some((label) => labels.has(label)));
  };
}

/** What lies at a path; arrays on the way are opened. */
function valuesAt(metadata: object | undefined, keys: readonly string[]): unknown[] {
  let values: unknown[] = metadata === undefined ? [] : [metadata];
  for (const key of keys) {
    values = elementsOf(values).flatMap((value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) return [];
      const inner = (value as Readonly<Record<string, unknown>>)[key];
      return inner === undefined ? [] : [inner];
    });
  }
  return values;
}

/** Arrays opened, by one level. */
function elementsOf(values: readonly unknown[]): unknown[] {
  return values.flatMap((value): unknown[] => (Array.isArray(value) ? value : [value]));
}

function rangeTest({ gt, gte, lt, lte }: FilterRange): (value: unknown) => boolean {
  const bounds = [
    [gt, (order: number) => order > 0],
    [gte, (order: number) => order >= 0],
    [lt, (order: number) => order < 0],
    [lte, (order: number) => order <= 0],
  ] as const;
  const given = bounds.flatMap(([bound, holds]) => (bound === undefined ? [] : [{ bound, holds }]));
  return (value) => given.every(({ bound, holds }) => comparable(value, bound) && holds(compareValues(value, bound)));
}

function comparable(value: unknown, bound: number | string): value is number | string {
  return typeof value === typeof bound;
}

/** Both are of one type. */
function compareValues(value: number | string, bound: number | string): number {
  return typeof value === 'string' ? compareIds(value, bound as string) : value - (bound as number);
}
