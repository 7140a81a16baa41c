import { type Dirent, existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, messageOf } from '../../base/index.ts';
import { type CacheIdentity, readCacheIdentity } from './cache-identity.ts';
import { CacheSegment, type SegmentCheck, segmentOf } from './cache-segment.ts';
import { createVectorCodec } from './vector-codec.ts';

/** One teacher's cache, as its files say. */
export interface TeacherCacheSummary {
  /** Its own folder, below that of all caches. */
  readonly folder: string;
  /** Absent where the folder holds vectors of nobody knows whom; `problem` says why. */
  readonly identity?: Omit<CacheIdentity, 'format' | 'version'>;
  readonly problem?: string;
  /** Texts whose vectors are at hand; 0 with a problem. */
  readonly vectors: number;
  /** Files of vectors, each with its keys: as many as processes have written. */
  readonly segments: number;
  /** All files together. */
  readonly bytes: number;
}

/** What checking one cache found. */
export interface TeacherCacheCheck extends TeacherCacheSummary {
  /** Vectors that are not as they were written; the teacher will be asked again for their texts. */
  readonly damaged: number;
  /** Segments with damage, and which of their rows. */
  readonly damage: readonly { readonly segment: string; readonly rows: readonly number[] }[];
  /** What killed processes left behind their last whole vectors: no damage. */
  readonly unfinishedBytes: number;
}

/**
 * Caches below a folder (`teacherCacheFolder()`), by name. An absent folder has none.
 *
 * @throws CemError `TEACHER_CACHE_FOLDER` when the folder cannot be read
 */
export async function listTeacherCaches(folder: string): Promise<TeacherCacheSummary[]> {
  if (!existsSync(folder)) return [];
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new CemError('TEACHER_CACHE_FOLDER', `${folder} cannot be read as a folder of caches; name another one`, {
      details: { folder },
      cause,
    });
  }
  const names = entries.flatMap((entry) => (entry.isDirectory() ? entry.name : [])).sort();
  const summaries: TeacherCacheSummary[] = [];
  for (const name of names) {
    const summary = await summarize(join(folder, name));
    if (summary !== undefined) summaries.push(summary);
  }
  return summaries;
}

/**
 * Checks every vector of a cache against its checksum.
 *
 * @param onProgress is told how many further bytes were read
 */
export async function verifyTeacherCache(
  summary: TeacherCacheSummary,
  onProgress?: (bytes: number) => void,
): Promise<TeacherCacheCheck> {
  const { folder, identity } = summary;
  if (identity === undefined) return { ...summary, damaged: 0, damage: [], unfinishedBytes: 0 };
  const { bytesPerVector } = createVectorCodec(identity.precision, identity.dimension);
  const checks: (SegmentCheck & { readonly segment: string })[] = [];
  for (const segment of await segmentsOf(folder))
    checks.push({ segment, ...(await CacheSegment.check(folder, segment, bytesPerVector, onProgress)) });
  return {
    ...summary,
    damaged: checks.reduce((sum, { damaged }) => sum + damaged.length, 0),
    damage: checks.filter(({ damaged }) => damaged.length > 0).map(({ segment, damaged }) => ({ segment, rows: damaged })),
    unfinishedBytes: checks.reduce((sum, { unfinishedBytes }) => sum + unfinishedBytes, 0),
  };
}

/** @returns undefined for a folder that is no cache, or was about to become one */
async function summarize(folder: string): Promise<TeacherCacheSummary | undefined> {
  const segments = await segmentsOf(folder);
  const files = await readdir(folder, { withFileTypes: true });
  let bytes = 0;
  for (const file of files) if (file.isFile()) bytes += (await stat(join(folder, file.name))).size;
  const size = { folder, segments: segments.length, bytes };
  try {
    const found = await readCacheIdentity(folder);
    if (found === undefined) {
      return segments.length === 0 ? undefined : { ...size, vectors: 0, problem: 'it has no identity.json' };
    }
    const { format: _format, version: _version, ...identity } = found;
    const { bytesPerVector } = createVectorCodec(identity.precision, identity.dimension);
    const keys = new Set<string>();
    for (const name of segments) await (await CacheSegment.open(folder, name, bytesPerVector, (key) => keys.add(key))).close();
    return { ...size, identity, vectors: keys.size };
  } catch (error) {
    return { ...size, vectors: 0, problem: messageOf(error) };
  }
}

async function segmentsOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).flatMap((name) => segmentOf(name) ?? []).sort();
}
