import { Worker } from 'node:worker_threads';

/** A module that runs in a thread or process of its own. */
export interface ProgramFile {
  readonly url: URL;
  /** It is TypeScript, which Node runs by tsx; in the built package it is JavaScript, and tsx need not be there. */
  readonly source: boolean;
}

/**
 * @param name path of the module relative to `caller`, without its ending
 * @param caller the caller's `import.meta.url`
 */
export function programFile(name: string, caller: string): ProgramFile {
  const source = caller.endsWith('.ts');
  return { url: new URL(`${name}${source ? '.ts' : '.js'}`, caller), source };
}

/** Starts a thread. Arguments of this process (`--input-type`, `--import`) are not handed on. */
export function startThread({ url, source }: ProgramFile, workerData: unknown): Worker {
  if (!source) return new Worker(url, { workerData, execArgv: [] });
  // Node 20 does not run the hooks of `--import tsx` in a thread: there tsx is registered by its own call.
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const program = `import(${tsx}).then(({ register }) => { register(); return import(${JSON.stringify(url.href)}); });`;
  return new Worker(program, { eval: true, workerData, execArgv: [] });
}
