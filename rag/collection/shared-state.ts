import { z } from 'zod';
import { parseJson } from '../../base/index.ts';
import { type CorpusManifest, manifestText, parseManifest, type SegmentEntry, segmentFiles } from '../../data/index.ts';

/** Names of the store's properties. */
export const SHARED_PROPERTY = 'shared';
export const TOKEN_PROPERTY = 'shared.token';
export const LEAVING_PROPERTY = 'shared.leaving';

const MEANING = {
  code: 'COLLECTION_FORMAT',
  what: 'what a database says of segments in an object store',
  remedy: 'restore the database from a copy, or use the version that wrote it',
} as const;

const sharedSchema = z.strictObject({
  format: z.literal('cem-shared'),
  version: z.literal(1),
  manifest: z.json(),
  objects: z.record(z.string(), z.string()),
  sources: z.string(),
});

const leavingSchema = z.array(z.strictObject({ object: z.string(), since: z.number() }));

/** A shared collection's corpus and list of files, as the database names them. Objects are named by their keys below the collection's prefix. */
export interface SharedState {
  readonly manifest: CorpusManifest;
  /** Container of each segment, by the file that the manifest names. */
  readonly objects: ReadonlyMap<string, string>;
  /** The list of files. */
  readonly sources: string;
}

/** An object that no state names, or will not if its writer does not come to that, and since when: seconds since 1970 on the database's clock. */
export type LeavingObject = z.infer<typeof leavingSchema>[number];

/** @throws FormatError `COLLECTION_FORMAT`, `CORPUS_FORMAT`, `CORPUS_VERSION` */
export function parseSharedState(text: string): SharedState {
  const { manifest, objects, sources } = parseJson(text, sharedSchema, 'the database', MEANING);
  return {
    manifest: parseManifest(JSON.stringify(manifest), 'the database'),
    objects: new Map(Object.entries(objects)),
    sources,
  };
}

export function sharedStateText({ manifest, objects, sources }: SharedState): string {
  return JSON.stringify({
    format: 'cem-shared',
    version: 1,
    manifest: JSON.parse(manifestText(manifest)),
    objects: Object.fromEntries(objects),
    sources,
  });
}

/** @throws FormatError `COLLECTION_FORMAT` */
export function parseLeaving(text: string | undefined): LeavingObject[] {
  return text === undefined ? [] : parseJson(text, leavingSchema, 'the database', MEANING);
}

/** Keys of all objects that a state names. */
export function objectsOf(state: SharedState | undefined): string[] {
  if (state === undefined) return [];
  const segments = state.manifest.segments.flatMap((entry) => segmentKeys(state.objects.get(entry.file) ?? '', entry));
  return [...segments, state.sources];
}

/** Keys of a segment's files, by its container's: mapping and metadata lie beside it. What the manifest calls it need not be in them. */
export function segmentKeys(container: string, { metadataBytes }: Pick<SegmentEntry, 'metadataBytes'>): string[] {
  return segmentFiles({ file: container, metadataBytes });
}

/** What leaves after a state took another's place: nothing that the new one names; what the old one alone named, from now on. */
export function leavingAfter(
  leaving: readonly LeavingObject[],
  { before, after, now }: { readonly before: SharedState | undefined; readonly after: SharedState; readonly now: number },
): LeavingObject[] {
  const named = new Set(objectsOf(after));
  const gone = objectsOf(before).filter((object) => !named.has(object));
  return [...leaving.filter(({ object }) => !named.has(object)), ...gone.map((object) => ({ object, since: now }))];
}
