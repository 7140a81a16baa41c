import { teacherCacheFolder } from '../../encoders/index.ts';

/** Which folder of caches: that of all runs, or another one. */
export const cacheFolderOption = {
  type: 'string',
  describe: "folder of the caches; by default the one of all runs (CEM_CACHE); a fitted teacher's is RUN/teacher-cache",
} as const;

/** The folder that `--folder` names, else the shared one. */
export function cacheFolderOf(folder: string | undefined): string {
  return folder ?? teacherCacheFolder();
}
