/**
 * A worker of `tests/run.ts`: runs test files one after the other, as they are sent, in one process, so that what they share (tsx, TensorFlow.js, a backend) is loaded once.
 * Loaded after tests/uvu-guard.ts, which makes uvu's queue.
 */
import { pathToFileURL } from 'node:url';
import { END_OF_FILE, type FileRequest, type FileResult } from './protocol.ts';

type SuiteRun = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

interface UvuGlobals {
  UVU_DEFER: number;
  UVU_INDEX: number;
  UVU_QUEUE: unknown[][];
}

const uvu = globalThis as unknown as UvuGlobals;
// Suites are queued, and not run by uvu itself.
uvu.UVU_DEFER = 1;
uvu.UVU_INDEX = 0;

/** Loads a file, which queues its suites, and runs them. */
async function runFile({ name, path }: FileRequest): Promise<FileResult> {
  uvu.UVU_QUEUE.length = 0;
  uvu.UVU_QUEUE.push([]);
  await import(pathToFileURL(path).href);
  const suites = uvu.UVU_QUEUE[0] as SuiteRun[];
  let total = 0;
  let passed = 0;
  let skipped = 0;
  for (const run of suites) {
    const [errors, good, left, all] = await run();
    total += all;
    passed += good;
    skipped += left;
    if (errors !== true) process.stdout.write(`\n${errors}\n`);
  }
  const problem = suites.length === 0 ? 'it ran no test: a suite needs its .run()' : undefined;
  return { name, total, passed, skipped, ...(problem !== undefined && { problem }) };
}

/** Resolves when the pipe has taken it. */
function endOutput(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write(END_OF_FILE, () => resolve()));
}

process.on('message', async (request: FileRequest | 'end') => {
  if (request === 'end') {
    process.disconnect();
    return;
  }
  let result: FileResult;
  try {
    result = await runFile(request);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    result = { name: request.name, total: 0, passed: 0, skipped: 0, problem: `it does not load: ${text}` };
  }
  await Promise.all([endOutput(process.stdout), endOutput(process.stderr)]);
  process.send?.(result);
});
