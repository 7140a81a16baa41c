import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { CemError, messageOf, writeFileAtomically } from '../../base/index.ts';

/** Tries in a row that bring not one byte before a download is given up. */
const ATTEMPTS = 5;
/** Before the second try; doubled before each further one. */
const FIRST_PAUSE_MS = 1000;
/** A connection that brings nothing for so long counts as cut. */
const IDLE_MS = 60_000;

export interface DownloadOptions {
  /** Expected MD5 in hexadecimal. */
  readonly md5?: string;
  readonly attempts?: number;
  readonly firstPauseMs?: number;
  readonly idleMs?: number;
  /** Bytes that are there and bytes in all (0: not known). */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Download {
  readonly bytes: number;
  /** Bytes that an earlier, unfinished download had brought. */
  readonly resumedFrom: number;
}

/** A failure that another try may mend. */
class Interruption extends CemError {
  constructor(message: string) {
    super('DOWNLOAD_INTERRUPTED', message);
  }
}

/**
 * Downloads a file. What arrived stays beside it as `<path>.part`, and this or a later call goes on from there by a Range request (the server's ETag or date makes
 * sure that it is still the same file). The file appears under its name only when it is whole and its checksum is right.
 *
 * @throws CemError `DOWNLOAD_NO_NETWORK` (the server cannot be reached), `DOWNLOAD_STATUS` (it refuses), `DOWNLOAD_CUT` (too many tries without progress),
 *   `DOWNLOAD_CHECKSUM` (what arrived is removed), `FILE_WRITE`
 */
export async function downloadFile(url: string, path: string, options: DownloadOptions = {}): Promise<Download> {
  const part = `${path}.part`;
  const resumedFrom = await sizeOf(part);
  const attempts = options.attempts ?? ATTEMPTS;
  let pause = options.firstPauseMs ?? FIRST_PAUSE_MS;
  for (let failures = 0; ; ) {
    const before = await sizeOf(part);
    try {
      await fetchRest(url, part, options);
      break;
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
      const progress = (await sizeOf(part)) > before;
      failures = progress ? 0 : failures + 1;
      if (failures >= attempts) throw interrupted(url, part, await sizeOf(part), error);
      await sleep(pause);
      pause = progress ? (options.firstPauseMs ?? FIRST_PAUSE_MS) : pause * 2;
    }
  }
  await checkMd5(url, part, options.md5);
  await rename(part, path);
  await rm(validatorPath(part), { force: true });
  return { bytes: await sizeOf(path), resumedFrom };
}

async function fetchRest(url: string, part: string, options: DownloadOptions): Promise<void> {
  const start = await sizeOf(part);
  const validator = start > 0 ? await readValidator(part, url) : undefined;
  const abort = new AbortController();
  const idle = setTimeout(() => abort.abort(new Interruption('nothing arrived for a while')), options.idleMs ?? IDLE_MS);
  try {
    const response = await request(url, abort.signal, {
      // Compressed on the way, a range would count other bytes than the file's.
      'accept-encoding': 'identity',
      ...(start > 0 && { range: `bytes=${start}-` }),
      ...(start > 0 && validator !== undefined && { 'if-range': validator }),
    });
    const total = totalOf(response);
    if (response.status === 416 && total === start) return;
    if (response.status === 416) {
      await rm(part, { force: true });
      throw new Interruption('the server has fewer bytes than are here');
    }
    if (response.status !== 200 && response.status !== 206) throw refused(url, response.status);
    const from = response.status === 206 ? rangeStart(response) : 0;
    if (from !== 0 && from !== start) throw new Interruption('the server sent another range than was asked for');
    await writeValidator(part, url, response);
    await append(response, part, from, total, abort.signal, idle, options.onProgress);
  } finally {
    clearTimeout(idle);
    abort.abort();
  }
}

async function append(
  response: Response,
  part: string,
  from: number,
  total: number,
  signal: AbortSignal,
  idle: NodeJS.Timeout,
  onProgress: DownloadOptions['onProgress'],
): Promise<void> {
  const file = await open(part, from > 0 ? 'a' : 'w');
  let position = from;
  try {
    const body = response.body?.getReader();
    while (body !== undefined) {
      const { done, value } = await body.read().catch((cause: unknown) => {
        throw interruption(signal.aborted ? signal.reason : cause);
      });
      if (done) break;
      idle.refresh();
      await file.appendFile(value).catch((cause: unknown) => {
        throw new CemError('FILE_WRITE', `writing ${part} failed: ${messageOf(cause)}; the same command goes on from there`, {
          details: { part },
          cause,
        });
      });
      position += value.length;
      onProgress?.(position, total);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (total > 0 && position < total) throw new Interruption(`the connection ended after ${position} of ${total} bytes`);
}

async function request(url: string, signal: AbortSignal, headers: Record<string, string>): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers, signal });
  } catch (error) {
    if (signal.aborted) throw interruption(signal.reason);
    const cause = error instanceof Error ? error.cause : undefined;
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
    if (!['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ECONNREFUSED'].includes(code)) throw interruption(error);
    throw new CemError(
      'DOWNLOAD_NO_NETWORK',
      `${new URL(url).host} cannot be reached (${code}): this machine has no way to it, or the server is down`,
      { details: { url, code }, cause: error },
    );
  }
  // Overload and faults of the server pass; nothing else gets better by asking again.
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    throw new Interruption(`the server answered ${response.status}`);
  }
  return response;
}

function interruption(cause: unknown): Interruption {
  if (cause instanceof Interruption) return cause;
  const inner = cause instanceof Error && cause.cause !== undefined ? `: ${messageOf(cause.cause)}` : '';
  return new Interruption(`${messageOf(cause)}${inner}`);
}

function refused(url: string, status: number): CemError {
  return new CemError('DOWNLOAD_STATUS', `${url} answered ${status}: the file is not there, or may not be fetched`, {
    details: { url, status },
  });
}

function interrupted(url: string, part: string, bytes: number, cause: Interruption): CemError {
  return new CemError(
    'DOWNLOAD_CUT',
    `${url} did not arrive: ${cause.message}; the first ${bytes} bytes are kept in ${part}, and the same command goes on from there`,
    { details: { url, part, bytes }, cause },
  );
}

/** Size of the whole file as the answer says it; 0 when it does not. */
function totalOf(response: Response): number {
  const range = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
  if (range !== null) return Number(range[1]);
  return response.status === 200 ? Number(response.headers.get('content-length') ?? 0) : 0;
}

function rangeStart(response: Response): number {
  const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  return range === null ? -1 : Number(range[1]);
}

const validatorContent = z.object({ url: z.string(), validator: z.string() });

function validatorPath(part: string): string {
  return `${part}.json`;
}

/** What the server called the file when its first bytes came; undefined when it did not say, or they came from elsewhere. */
async function readValidator(part: string, url: string): Promise<string | undefined> {
  const text = await readFile(validatorPath(part), 'utf8').catch(() => '{}');
  const content = validatorContent.safeParse(JSON.parse(text));
  return content.success && content.data.url === url ? content.data.validator : undefined;
}

async function writeValidator(part: string, url: string, response: Response): Promise<void> {
  const tag = response.headers.get('etag');
  // A weak tag says "as good as the same", which is not enough to join bytes (RFC 9110, 13.1.5).
  const validator = tag !== null && !tag.startsWith('W/') ? tag : response.headers.get('last-modified');
  if (validator === null) await rm(validatorPath(part), { force: true });
  else await writeFileAtomically(validatorPath(part), Buffer.from(JSON.stringify({ url, validator })));
}

async function checkMd5(url: string, part: string, expected: string | undefined): Promise<void> {
  if (expected === undefined) return;
  const found = await md5OfFile(part);
  if (found === expected) return;
  await rm(part, { force: true });
  await rm(validatorPath(part), { force: true });
  throw new CemError(
    'DOWNLOAD_CHECKSUM',
    `${url} has the MD5 ${found}, not ${expected}: it was damaged on the way or changed at its source; what arrived was removed`,
    { details: { url, expected, found } },
  );
}

/** MD5 of a file in hexadecimal, read in pieces. */
export async function md5OfFile(path: string): Promise<string> {
  const hash = createHash('md5');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

/** 0 for a file that is not there. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
