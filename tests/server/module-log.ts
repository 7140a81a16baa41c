/**
 * Loaded with `--import`: writes the address of every module that the process loads, one a line, into the file that MODULE_LOG names.
 */
import { appendFileSync } from 'node:fs';
import { createRequire, type LoadHook, register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const file = process.env['MODULE_LOG'];

/** Of the thread that Node runs such hooks in. */
export const load: LoadHook = (url, context, nextLoad) => {
  if (file !== undefined) appendFileSync(file, `${url}\n`);
  return nextLoad(url, context);
};

if (isMainThread && file !== undefined) {
  register(import.meta.url);
  // What CommonJS modules require from each other goes past the hooks.
  process.on('exit', () => appendFileSync(file, `${Object.keys(createRequire(import.meta.url).cache).join('\n')}\n`));
}
