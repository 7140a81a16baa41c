import { CemError, type OnProgress, UsageError } from '../../base/index.ts';
import { LabelFileReader, LabelFileWriter, type LabelTeacher } from './label-file.ts';
import { TeacherCache } from './teacher-cache.ts';
import { listTeacherCaches, type TeacherCacheSummary } from './teacher-cache-inspection.ts';
import type { Precision } from './vector-codec.ts';

/** What a file of labels has. */
export interface SharedLabels {
  readonly path: string;
  readonly teacher: LabelTeacher;
  readonly vectors: number;
}

/** What an import brought. */
export interface ImportedLabels extends SharedLabels {
  /** Vectors that the cache did not have. */
  readonly added: number;
  /** The teacher's cache. */
  readonly folder: string;
}

/** Who a file's vectors must be of: what is absent is not asked for. */
export interface ExpectedTeacher {
  /** Id, or the part behind `transformers:`. */
  readonly name?: string | undefined;
  /** As a checkpoint records it. */
  readonly recorded?: { readonly id: string; readonly revision: string } | undefined;
}

/**
 * Writes all vectors of a teacher's cache as a file that another machine imports; of the texts it has only hashes.
 *
 * @param folder of all teachers' caches
 * @param teacher id, or the part behind `transformers:`; needed where the folder has caches of several
 * @throws UsageError `LABELS_WHICH` where it is not clear whose vectors are meant; CemError `FILE_CREATE`, `FILE_WRITE`
 */
export async function exportLabels(
  folder: string,
  path: string,
  teacher?: string,
  onProgress?: OnProgress,
): Promise<SharedLabels> {
  const { identity } = await chooseCache(folder, teacher);
  const { precision, ...description } = identity;
  const cache = await TeacherCache.open(folder, description, { precision });
  try {
    const file = await LabelFileWriter.create(path, description);
    try {
      let done = 0;
      for await (const block of cache.labels()) {
        await file.append(block);
        done += block.keys.length;
        onProgress?.(done, cache.size);
      }
      return { path, teacher: description, vectors: await file.finish() };
    } finally {
      await file.abort();
    }
  } finally {
    await cache.close();
  }
}

/**
 * Puts the vectors of a file into its teacher's cache, where training finds them. Those that are there stay. Where a block is damaged, those before it have been taken.
 *
 * @param folder of all teachers' caches
 * @throws CemError `LABELS_OTHER_TEACHER` where the file's teacher is not the expected one; FormatError `LABELS_MALFORMED`; and what `TeacherCache.open` throws
 */
export async function importLabels(
  folder: string,
  path: string,
  {
    expected = {},
    precision = 'fp32',
    onProgress,
  }: { expected?: ExpectedTeacher; precision?: Precision; onProgress?: OnProgress } = {},
): Promise<ImportedLabels> {
  const file = await LabelFileReader.open(path);
  try {
    refuseOther(path, file.teacher, expected);
    const cache = await TeacherCache.open(folder, file.teacher, { precision });
    try {
      let [vectors, added] = [0, 0];
      for await (const block of file.blocks((bytes) => onProgress?.(bytes, file.bytes))) {
        vectors += block.keys.length;
        added += await cache.addLabels(block);
      }
      return { path, teacher: file.teacher, vectors, added, folder: cache.folder };
    } finally {
      await cache.close();
    }
  } finally {
    await file.close();
  }
}

function refuseOther(path: string, { id, revision }: LabelTeacher, { name, recorded }: ExpectedTeacher): void {
  const other =
    name !== undefined && !isNamed(id, name)
      ? name
      : recorded && (recorded.id !== id || recorded.revision !== revision)
        ? `${recorded.id} (revision ${recorded.revision})`
        : undefined;
  if (other === undefined) return;
  throw new CemError(
    'LABELS_OTHER_TEACHER',
    `${path} has vectors of ${id} (revision ${revision}), not of ${other}: import labels of that teacher, or name this one`,
    { details: { path, id, revision } },
  );
}

function isNamed(id: string, name: string): boolean {
  return id === name || id === `transformers:${name.slice(name.lastIndexOf('/') + 1)}`;
}

type KnownCache = TeacherCacheSummary & { readonly identity: NonNullable<TeacherCacheSummary['identity']> };

async function chooseCache(folder: string, teacher: string | undefined): Promise<KnownCache> {
  const caches = (await listTeacherCaches(folder)).filter(
    (cache): cache is KnownCache => cache.identity !== undefined && cache.vectors > 0,
  );
  const named = teacher === undefined ? caches : caches.filter(({ identity }) => isNamed(identity.id, teacher));
  if (named.length === 1) return named[0]!;
  const known = caches.map(({ identity }) => `${identity.id} (revision ${identity.revision}, ${identity.precision})`).join('; ');
  const which = named.length === 0 ? 'has no vectors' : `has ${named.length} caches`;
  throw new UsageError(
    'LABELS_WHICH',
    `${folder} ${which}${teacher === undefined ? '' : ` of ${teacher}`}: name one by --teacher${known === '' ? '' : `; there are ${known}`}`,
    { details: { folder } },
  );
}
