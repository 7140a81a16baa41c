import { join } from 'node:path';
import { z } from 'zod';
import { CemError, readJsonFile, writeFileAtomically } from '../../base/index.ts';
import { type RecordedTeacher, teacherConfig, teacherName, teacherProbeSchema } from '../../encoders/index.ts';

/**
 * Versions of `index.json`. The first one did not count passages, since each chunk was its own one; it is read, and a later one refused. The third names the analyzer of the terms that the index keeps; one that
 * keeps none has the second.
 */
const INDEX_VERSIONS = { plain: 2, withTerms: 3 } as const;
/** Names the finished index. */
export const INDEX_FILE = 'index.json';
/** Stands in its place while vectors are being made: the index is not searchable, and the next run goes on with it. */
export const BUILDING_FILE = 'building.json';

export const storeManifest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('pglite') }),
  /** The URL has no password. */
  z.strictObject({ kind: z.literal('postgres'), url: z.string() }),
]);

/** What vectors are made by. */
export const modelParts = {
  checkpoint: z.strictObject({ path: z.string(), hash: z.string() }),
  teacher: z.strictObject({
    id: z.string(),
    revision: z.string(),
    config: teacherConfig,
    /** What it computes, by which another conversion of its weights is recognised; absent where the checkpoint does not say. */
    probe: teacherProbeSchema.optional(),
    /** Where a fitted teacher lies. */
    folder: z.string().optional(),
    /** Where models are looked up before the hub. */
    models: z.string().optional(),
  }),
  dimension: z.int().positive(),
};

const indexMakers = {
  ...modelParts,
  zpkg: z.strictObject({ path: z.string(), identity: z.string() }),
};

/** Random hexadecimal digits; a store's tables are named by them, so that many indexes share a database. */
export const storeId = z.string().regex(/^[0-9a-f]{16}$/);
/** What cuts the terms that are kept beside the vectors; absent where none are. */
export const storedAnalyzer = z.looseObject({ fingerprint: z.string() }).optional();

const indexManifest = z
  .strictObject({
    version: z.literal([1, INDEX_VERSIONS.plain, INDEX_VERSIONS.withTerms]),
    id: storeId,
    ...indexMakers,
    /** The query student of the checkpoint, in the index' folder `query`: it may encode queries in the teacher's place. Absent: the teacher alone may. */
    queryStudent: z.strictObject({ hash: z.string() }).optional(),
    store: storeManifest,
    /** Absent in versions before 3, too. */
    analyzer: storedAnalyzer,
    /** In an unfinished index: nothing has been stored yet, not even tables, so that another database can still be taken. */
    untouched: z.literal(true).optional(),
    documents: z.int().nonnegative(),
    chunks: z.int().nonnegative(),
    /** Absent in version 1: as many as chunks. */
    passages: z.int().nonnegative().optional(),
  })
  .refine(
    ({ version, analyzer }) => (version === INDEX_VERSIONS.withTerms) === (analyzer !== undefined),
    'its version is not that of what it says',
  );

/** What an index is made from: model, teacher and container. */
export type IndexMakers = { [Key in keyof typeof indexMakers]: z.infer<(typeof indexMakers)[Key]> };
/** What `index.json` says. */
export type IndexManifest = z.infer<typeof indexManifest>;
export type StoreManifest = IndexManifest['store'];
/** Model and teacher of an index or a collection. */
export type IndexModel = Omit<IndexMakers, 'zpkg'>;

/**
 * @returns what the file says, undefined where there is none
 * @throws FormatError `INDEX_FORMAT`
 */
export async function readIndexManifest(
  folder: string,
  file: typeof INDEX_FILE | typeof BUILDING_FILE,
): Promise<IndexManifest | undefined> {
  const path = join(folder, file);
  return readJsonFile(path, indexManifest, {
    code: 'INDEX_FORMAT',
    what: `an index of version 1 to ${INDEX_VERSIONS.withTerms}`,
    remedy: `remove ${folder} and make the index again`,
  });
}

/** The lowest version that says what there is, so that programs of before read what they can. */
export const indexVersionOf = ({ analyzer }: Pick<IndexManifest, 'analyzer'>): IndexManifest['version'] =>
  analyzer === undefined ? INDEX_VERSIONS.plain : INDEX_VERSIONS.withTerms;

export async function writeIndexManifest(
  folder: string,
  file: typeof INDEX_FILE | typeof BUILDING_FILE,
  manifest: IndexManifest,
): Promise<void> {
  await writeFileAtomically(join(folder, file), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
}

const shortHash = (hash: string): string => hash.slice(0, 12);

/**
 * Vectors of two models never mix: refuses when an index was made by another checkpoint or teacher.
 *
 * @throws CemError `INDEX_OTHER_CHECKPOINT`, `INDEX_OTHER_TEACHER`, `INDEX_DIMENSION`
 */
export function checkSameModel(folder: string, manifest: IndexModel, wanted: IndexModel): void {
  const advice = `use another index folder, or remove ${folder}`;
  if (manifest.checkpoint.hash !== wanted.checkpoint.hash) {
    throw new CemError(
      'INDEX_OTHER_CHECKPOINT',
      `the index ${folder} was made by checkpoint ${manifest.checkpoint.path} (${shortHash(manifest.checkpoint.hash)}), ` +
        `not by ${wanted.checkpoint.path} (${shortHash(wanted.checkpoint.hash)}); ${advice}`,
      { details: { folder, made: manifest.checkpoint, wanted: wanted.checkpoint } },
    );
  }
  const [made, got] = [manifest.teacher, wanted.teacher];
  if (made.id !== got.id || made.revision !== got.revision) throw otherTeacher(folder, made, got);
  if (manifest.dimension !== wanted.dimension) {
    throw new CemError(
      'INDEX_DIMENSION',
      `the index ${folder} holds vectors of ${manifest.dimension} values, not of ${wanted.dimension}; ${advice}`,
      {
        details: { folder, made: manifest.dimension, wanted: wanted.dimension },
      },
    );
  }
}

/** The error for a teacher that is not the index's. @param reason why it is not, where more than its identity was looked at */
export function otherTeacher(
  folder: string,
  made: Pick<RecordedTeacher, 'id' | 'revision'>,
  got: Pick<RecordedTeacher, 'id' | 'revision'>,
  reason?: string,
): CemError {
  const identity = ({ id, revision }: Pick<RecordedTeacher, 'id' | 'revision'>) => ({ id, revision });
  return new CemError(
    'INDEX_OTHER_TEACHER',
    `the index ${folder} belongs to the teacher ${teacherName(made)}, and here is ${teacherName(got)}${reason === undefined ? '' : `: ${reason}`}; ` +
      'search with that teacher (--models names the folder that it is in), or make the index again in another folder',
    { details: { folder, made: identity(made), got: identity(got) } },
  );
}
