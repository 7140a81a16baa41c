import { CemError, formatBytes } from '../../base/index.ts';
import { listTeacherCaches, type TeacherCacheCheck, verifyTeacherCache } from '../../encoders/index.ts';
import { defineCommand } from '../command.ts';
import { cacheFolderOf, cacheFolderOption } from './cache-options.ts';
import { describeCache } from './info.ts';

interface TeacherVerifyOptions {
  readonly folder: string | undefined;
}

/** What `cem teacher verify` prints as JSON. */
interface TeacherVerification {
  readonly folder: string;
  readonly caches: readonly TeacherCacheCheck[];
  /** Whether every vector is as it was written. */
  readonly whole: boolean;
}

export const teacherVerifyCommand = defineCommand<TeacherVerifyOptions, TeacherVerification>({
  command: 'verify',
  describe: 'Check every cached vector against its checksum; exit code 1 when any is damaged',
  examples: [['teacher verify', 'damaged vectors count as absent: the teacher is asked again for their texts']],
  options: (parser) => parser.option('folder', cacheFolderOption),
  run: async ({ folder }, reporter) => {
    const path = cacheFolderOf(folder);
    const summaries = await listTeacherCaches(path);
    const total = summaries.reduce((sum, { bytes }) => sum + bytes, 0);
    const stage = reporter.stage('checking bytes');
    const caches: TeacherCacheCheck[] = [];
    let done = 0;
    for (const summary of summaries) {
      const onProgress = (bytes: number) => {
        done += bytes;
        stage.progress(done, total);
      };
      caches.push(await verifyTeacherCache(summary, onProgress));
    }
    stage.done(`${caches.reduce((sum, { vectors }) => sum + vectors, 0)} vectors`);
    return { folder: path, caches, whole: caches.every(({ damaged, problem }) => damaged === 0 && problem === undefined) };
  },
  dataKeys: ['caches.*.identity.settings'],
  text: ({ folder, caches }) => (caches.length === 0 ? `no caches in ${folder}` : caches.map(describeCheck).join('\n')),
  failure: ({ folder, caches, whole }) =>
    whole
      ? undefined
      : new CemError(
          'TEACHER_CACHE_DAMAGED',
          `${folder}: ${caches.reduce((sum, { damaged }) => sum + damaged, 0)} damaged vectors, ${caches.filter(({ problem }) => problem !== undefined).length} caches that cannot be read; the next training or \`cem teacher embed\` computes what is damaged again, and a cache that cannot be read is best deleted`,
          { details: { folder } },
        ),
});

function describeCheck(check: TeacherCacheCheck): string {
  const { problem, damaged, damage, unfinishedBytes } = check;
  const state = problem !== undefined ? 'UNREADABLE' : damaged === 0 ? 'whole' : `${damaged} DAMAGED`;
  return [
    `${describeCache(check)}: ${state}`,
    ...damage.map(({ segment, rows }) => `  ${segment}: ${describeRows(rows)}`),
    ...(unfinishedBytes > 0
      ? [`  ${formatBytes(unfinishedBytes)} that a killed process did not finish, or another one is writing`]
      : []),
  ].join('\n');
}

const SHOWN_ROWS = 10;

function describeRows(rows: readonly number[]): string {
  const shown = rows.slice(0, SHOWN_ROWS).join(', ');
  return `rows ${shown}${rows.length > SHOWN_ROWS ? ` and ${rows.length - SHOWN_ROWS} more` : ''}`;
}
