import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../bytes.ts';
import { CemError, UsageError } from '../errors.ts';
import { printableLine } from '../printable.ts';

/** Milliseconds before an answer must have come. */
const TIMEOUT = 60_000;
/** Attempts after the first. */
const RETRIES = 3;
/** Milliseconds before the second attempt; each further one waits twice as long. */
const BACKOFF = 500;
/** What a server's Retry-After is followed up to, in milliseconds. */
const LONGEST_WAIT = 30_000;
/** Bytes of an answer that are read, at most. */
const MAXIMUM_BYTES = 32 * 1024 * 1024;
/** Characters of an error's answer that are shown. */
const SHOWN = 300;

export interface PostOptions {
  readonly url: string;
  readonly body: unknown;
  /** Sent as a bearer token; it stands in no error. */
  readonly key?: string | undefined;
  /** Whose answer it is, for errors: `the reranker`. */
  readonly what: string;
  /** Code of errors. */
  readonly code: string;
  /** Environment variable that the key is taken from, for the advice. */
  readonly keyVariable?: string | undefined;
  readonly timeout?: number | undefined;
  readonly retries?: number | undefined;
  readonly backoff?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a failed attempt says: whether another may help, and after how many milliseconds at least. */
interface Failure {
  readonly reason: string;
  readonly again: boolean;
  readonly after: number;
  readonly status?: number;
  readonly cause?: unknown;
}

/**
 * Posts JSON and reads JSON. Answers that may pass (429, 408, 5xx), broken connections and timeouts are tried again after a growing wait, or after what Retry-After says; redirects are not followed, so
 * that a key goes nowhere else.
 *
 * @throws CemError of the given code; the signal's reason
 */
export async function postJson(options: PostOptions): Promise<unknown> {
  const { retries = RETRIES, backoff = BACKOFF, signal } = options;
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    const answer = await attemptOnce(options);
    if ('json' in answer) return answer.json;
    signal?.throwIfAborted();
    if (!answer.again || attempt >= retries) throw failed(options, answer, attempt + 1);
    const pause = Math.max(backoff * 2 ** attempt, answer.after);
    await wait(Math.min(pause, LONGEST_WAIT), undefined, signal && { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}

async function attemptOnce({ url, body, key, timeout = TIMEOUT, signal }: PostOptions): Promise<{ json: unknown } | Failure> {
  const limit = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const text = await readText(response);
    if (response.ok) return parsed(text);
    const again = response.status === 429 || response.status === 408 || response.status >= 500;
    const seconds = Number(response.headers.get('retry-after') ?? 0);
    return {
      reason: `it answered ${response.status}${text.trim() === '' ? '' : `: ${printableLine(text.trim().slice(0, SHOWN))}`}`,
      again,
      after: Number.isFinite(seconds) ? seconds * 1000 : 0,
      status: response.status,
    };
  } catch (cause) {
    const reason = limit.aborted ? `no answer within ${timeout / 1000} s` : connectionReason(cause);
    return { reason, again: true, after: 0, cause };
  }
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    parts.push(part as Uint8Array);
    length += (part as Uint8Array).length;
    if (length > MAXIMUM_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8');
}

function parsed(text: string): { json: unknown } | Failure {
  try {
    return { json: JSON.parse(text) };
  } catch (cause) {
    const shown = printableLine(text.slice(0, SHOWN));
    return { reason: `its answer is no JSON: ${shown}`, again: false, after: 0, cause };
  }
}

/** `fetch failed` says nothing: its cause does. */
function connectionReason(error: unknown): string {
  const { cause } = Object(error) as { cause?: unknown };
  return messageOf(cause ?? error) || messageOf(error);
}

function failed({ url, what, code, keyVariable }: PostOptions, { reason, status, cause }: Failure, attempts: number): CemError {
  const denied = status === 401 || status === 403;
  const advice = denied && keyVariable !== undefined ? `; the key is taken from ${keyVariable}` : '';
  const tried = attempts > 1 ? ` (${attempts} attempts)` : '';
  const { origin, pathname } = new URL(url);
  return new CemError(code, `${what} at ${origin}${pathname} failed${tried}: ${reason}${advice}`, {
    details: { url: origin + pathname, ...(status !== undefined && { status }) },
    cause,
  });
}

/**
 * An address that requests go to.
 *
 * @throws UsageError of the given code for what is no http or https address, or holds a name and password
 */
export function checkedUrl(text: string, code: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw new UsageError(
    code,
    `${JSON.stringify(text.replace(/\/\/[^/@]*@/, '//…@'))} is no address that requests can go to: give http://HOST/PATH or https://HOST/PATH, without a name and password`,
  );
}
