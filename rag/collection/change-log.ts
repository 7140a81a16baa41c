import { z } from 'zod';
import { parseJson } from '../../base/index.ts';
import type { LogEntry } from '../../search/postgres/index.ts';

/** Names that an entry has of what came, and of what went: more are counted. */
const MOST_NAMES = 1_000;

const names = z.array(z.string());
const count = z.int().positive().optional();
const entrySchema = z.looseObject({
  /** When, as ISO 8601 has it. */
  at: z.string(),
  put: names,
  removed: names,
  /** How many more there were. */
  morePut: count,
  moreRemoved: count,
});

/** What one change did to a collection. */
export interface ChangeEntry {
  /** 1 for the first change, and one more with each. */
  readonly version: number;
  /** When, as ISO 8601 has it. */
  readonly at: string;
  /** Paths of files and documents that came or changed, 1,000 at most. */
  readonly put: readonly string[];
  /** Of those that went. */
  readonly removed: readonly string[];
  /** How many more came than are named; absent: none. */
  readonly morePut?: number;
  readonly moreRemoved?: number;
}

/** What came and what went. */
export interface SourceChanges {
  readonly put: readonly string[];
  readonly removed: readonly string[];
}

/** An entry as it is kept. */
export function entryText(at: string, { put, removed }: SourceChanges): string {
  return JSON.stringify({
    at,
    put: put.slice(0, MOST_NAMES),
    removed: removed.slice(0, MOST_NAMES),
    ...(put.length > MOST_NAMES && { morePut: put.length - MOST_NAMES }),
    ...(removed.length > MOST_NAMES && { moreRemoved: removed.length - MOST_NAMES }),
  });
}

/** @throws FormatError `COLLECTION_FORMAT` */
export function entryOf({ number, text }: LogEntry): ChangeEntry {
  const { at, put, removed, morePut, moreRemoved } = parseJson(text, entrySchema, 'the database', {
    code: 'COLLECTION_FORMAT',
    what: "an entry of a collection's change log",
    remedy: 'restore the database from a copy, or use the version that wrote it',
  });
  return { version: number, at, put, removed, ...(morePut && { morePut }), ...(moreRemoved && { moreRemoved }) };
}
