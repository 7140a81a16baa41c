import util from 'node:util';

/**
 * Functions of `node:util` that tfjs-node 4.22 calls and Node has been taking away: `isNullOrUndefined` went with Node 23, and `isArray` prints a deprecation warning (DEP0044) from Node 22 on.
 * Puts plain ones in their places. Call it before the package is loaded; where Node still has its own, they do the same.
 */
export function restoreRemovedUtilities(): void {
  Object.assign(util, {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
  });
}
