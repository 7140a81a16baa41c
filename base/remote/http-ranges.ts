import { messageOf } from '../bytes.ts';
import { printableLine } from '../printable.ts';
import { type ObjectState, type Piece, RangeFailure, type RangeSource } from './ranges.ts';
import { shownAddress } from './remote-path.ts';

/** Characters of an error's answer that are shown. */
const SHOWN = 200;

/** Ranges of an object behind an address of HTTP (RFC 9110, 14: Range Requests). */
export class HttpRanges implements RangeSource {
  readonly address: string;
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
    this.address = shownAddress(url);
  }

  async get(start: number, end: number, state: ObjectState | undefined, signal: AbortSignal): Promise<Piece> {
    const response = await this.#request(start, end, state, signal);
    const tag = tagOf(response.headers);
    if (response.status === 416) {
      await response.body?.cancel();
      const size = Number(/^bytes \*\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
      if (Number.isNaN(size))
        throw new RangeFailure('no-ranges', 'it answered 416 and not how large the object is', { status: 416 });
      return { bytes: new Uint8Array(0), size, tag };
    }
    if (response.status !== 206) return this.#whole(response, start, end, tag);
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
    if (range === null || Number(range[1]) !== start || Number(range[2]) >= end) {
      await response.body?.cancel();
      const given = printableLine(response.headers.get('content-range') ?? 'none');
      throw new RangeFailure('no-ranges', `it was asked for bytes ${start} to ${end - 1} and gave ${given}`, { status: 206 });
    }
    return { bytes: await bodyOf(response, Number(range[2]) + 1 - start), size: Number(range[3]), tag };
  }

  async #request(start: number, end: number, state: ObjectState | undefined, signal: AbortSignal): Promise<Response> {
    try {
      return await fetch(this.#url, {
        headers: {
          range: `bytes=${start}-${end - 1}`,
          // A range of a compressed representation would be another's bytes.
          'accept-encoding': 'identity',
          // If-Match compares strong tags only (RFC 9110, 13.1.1); others are compared when they come.
          ...(state?.tag?.startsWith('"') && { 'if-match': state.tag }),
        },
        signal,
      });
    } catch (cause) {
      signal.throwIfAborted();
      throw new RangeFailure('passing', connectionReason(cause), { cause });
    }
  }

  /** An answer without a range: the whole object, or why there is none. */
  async #whole(response: Response, start: number, end: number, tag: string | undefined): Promise<Piece> {
    const { status, headers } = response;
    if (status === 200 && start === 0) {
      const size = Number(headers.get('content-length') ?? Number.NaN);
      if (size <= end) return { bytes: await bodyOf(response, size), size, tag };
    }
    if (status === 200) {
      await response.body?.cancel();
      throw new RangeFailure('no-ranges', 'it answers a request for a range with the whole object', { status });
    }
    const text = printableLine((await response.text().catch(() => '')).trim().slice(0, SHOWN));
    const reason = `it answered ${status}${text === '' || text.startsWith('<') ? '' : `: ${text}`}`;
    if (status === 404 || status === 410) throw new RangeFailure('missing', reason, { status });
    if (status === 412) throw new RangeFailure('changed', reason, { status });
    const passing = status === 408 || status === 429 || status >= 500;
    const seconds = Number(headers.get('retry-after') ?? 0);
    const after = Number.isFinite(seconds) ? seconds * 1000 : 0;
    throw new RangeFailure(passing ? 'passing' : 'final', reason, { status, after });
  }
}

function tagOf(headers: Headers): string | undefined {
  return headers.get('etag') ?? headers.get('last-modified') ?? undefined;
}

/** The body, at most `length` bytes of it: less where the connection breaks, if something came at all. */
async function bodyOf(response: Response, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  try {
    for await (const part of response.body ?? []) {
      const piece = (part as Uint8Array).subarray(0, length - filled);
      bytes.set(piece, filled);
      filled += piece.length;
      if (filled === length) break;
    }
  } catch (cause) {
    if (filled === 0) throw new RangeFailure('passing', connectionReason(cause), { cause });
  }
  return bytes.subarray(0, filled);
}

/** `fetch failed` says nothing: its cause does. */
function connectionReason(error: unknown): string {
  const { cause } = Object(error) as { cause?: unknown };
  return messageOf(cause ?? error) || messageOf(error);
}
