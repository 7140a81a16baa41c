import { formatBytes } from '../../base/index.ts';
import { listTeacherCaches, type TeacherCacheSummary } from '../../encoders/index.ts';
import { defineCommand } from '../command.ts';
import { cacheFolderOf, cacheFolderOption } from './cache-options.ts';

interface TeacherInfoOptions {
  readonly folder: string | undefined;
}

/** What `cem teacher info` prints as JSON. */
interface TeacherInfo {
  readonly folder: string;
  readonly caches: readonly TeacherCacheSummary[];
}

export const teacherInfoCommand = defineCommand<TeacherInfoOptions, TeacherInfo>({
  command: 'info',
  describe: "List the teachers' caches: whose vectors are at hand, how many, and their size",
  examples: [['teacher info', 'caches that all runs share']],
  options: (parser) => parser.option('folder', cacheFolderOption),
  run: async ({ folder }) => {
    const path = cacheFolderOf(folder);
    return { folder: path, caches: await listTeacherCaches(path) };
  },
  dataKeys: ['caches.*.identity.settings'],
  text: ({ folder, caches }) =>
    caches.length === 0
      ? `no caches in ${folder}`
      : caches.map((cache) => `${describeCache(cache)}\n  ${cache.folder}`).join('\n'),
});

/** A cache in one line. */
export function describeCache({ identity, problem, vectors, bytes, segments, folder }: TeacherCacheSummary): string {
  if (identity === undefined) return `${folder}: ${problem}`;
  const { id, revision, dimension, precision } = identity;
  const files = segments === 1 ? '1 segment' : `${segments} segments`;
  return `${id} (revision ${revision}): ${vectors} vectors of ${dimension} numbers, ${precision}, ${formatBytes(bytes)} in ${files}`;
}
