import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what can be made or fetched again is kept between runs (teachers' vectors, downloaded models, ranges of remote objects): `CEM_CACHE`, else `cem` in the user's cache folder (XDG Base Directory Specification). */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { CEM_CACHE, XDG_CACHE_HOME } = environment;
  return CEM_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'cem');
}
