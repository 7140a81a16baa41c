import { setTimeout as wait } from 'node:timers/promises';
import { CemError, FormatError } from '../errors.ts';
import type { RandomAccessFile } from '../files/random-access.ts';
import type { RangeCache } from './range-cache.ts';
import { type ObjectState, type Piece, RangeFailure, type RangeSource } from './ranges.ts';

/** Read when an object is opened and kept: header and dictionary of a container, the whole of small side files. */
const HEAD_BYTES = 128 * 1024;
/** Read at once by whoever reads an object from end to end. A request costs as long as some megabytes. */
const WINDOW_BYTES = 8 << 20;
/** Bytes between two ranges that are read for nothing rather than asking twice. */
const JOINED_GAP = 64 * 1024;
/** Requests at once. */
const CONCURRENT = 8;

export interface RemoteFileOptions {
  /** Attempts of a request after the first; 5 by default. What came before a connection broke is kept, and an attempt that brought something begins the count anew. */
  readonly retries?: number;
  /** Milliseconds before the second attempt, 200 by default; each further one waits twice as long, and a part of that by chance. */
  readonly backoff?: number;
  /** Milliseconds that a request may take, 60,000 by default. */
  readonly timeout?: number;
  /** Opens where ranges of the object are kept on disk; without it, or with undefined, they are not. */
  readonly openCache?: (state: ObjectState) => Promise<RangeCache> | undefined;
}

interface Wanted {
  readonly position: number;
  readonly length: number;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An object on a server, read by ranges. Reads that are begun in the same turn of the event loop are joined where they are near; a read is one request otherwise. The object is held to be what
 * it was when it was opened: another size or tag of a later answer is an error.
 */
export class RemoteFile implements RandomAccessFile {
  readonly path: string;
  readonly size: number;
  readonly windowBytes = WINDOW_BYTES;
  readonly #source: RangeSource;
  readonly #state: ObjectState;
  readonly #head: Uint8Array;
  readonly #options: RemoteFileOptions;
  readonly #requests: RequestSlots;
  readonly #cache: RangeCache | undefined;
  readonly #closing = new AbortController();
  #wanted: Wanted[] = [];

  private constructor(
    source: RangeSource,
    head: Piece,
    requests: RequestSlots,
    cache: RangeCache | undefined,
    options: RemoteFileOptions,
  ) {
    this.path = source.address;
    this.size = head.size;
    this.#source = source;
    this.#state = { size: head.size, tag: head.tag };
    this.#head = head.bytes;
    this.#options = options;
    this.#requests = requests;
    this.#cache = cache;
  }

  /**
   * @throws CemError `FILE_OPEN`, with `missing` among its details where there is no such object; `REMOTE_RANGES` where the server gives no ranges
   */
  static async open(source: RangeSource, options: RemoteFileOptions = {}): Promise<RemoteFile> {
    const requests = new RequestSlots(CONCURRENT);
    const head = await fetchRange(source, { start: 0, end: HEAD_BYTES }, undefined, requests, options).catch((cause: unknown) => {
      throw cause instanceof RangeFailure ? openError(source, cause) : cause;
    });
    const cache = await options.openCache?.({ size: head.size, tag: head.tag });
    return new RemoteFile(source, head, requests, cache, options);
  }

  /** Requests so far, failed ones too. */
  get requests(): number {
    return this.#requests.begun;
  }

  read(position: number, length: number): Promise<Uint8Array> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closedError());
    if (position + length > this.size) return Promise.reject(this.#endError(position, length));
    if (position + length <= this.#head.length) return Promise.resolve(this.#head.slice(position, position + length));
    if (length === 0) return Promise.resolve(new Uint8Array(0));
    return new Promise((resolve, reject) => {
      if (this.#wanted.length === 0) setImmediate(() => this.#ask());
      this.#wanted.push({ position, length, resolve, reject });
    });
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(this.#closedError());
    await this.#requests.idle();
    await this.#cache?.close();
  }

  #ask(): void {
    const wanted = this.#wanted.sort((a, b) => a.position - b.position);
    this.#wanted = [];
    for (let first = 0; first < wanted.length; ) {
      let last = first;
      let end = endOf(wanted[first]!);
      while (last + 1 < wanted.length && isNear(wanted[first]!, end, wanted[last + 1]!)) {
        last += 1;
        end = Math.max(end, endOf(wanted[last]!));
      }
      void this.#answer(wanted.slice(first, last + 1), end);
      first = last + 1;
    }
  }

  async #answer(group: readonly Wanted[], end: number): Promise<void> {
    const start = group[0]!.position;
    try {
      const bytes = await this.#bytes(start, end);
      if (group.length === 1) return group[0]!.resolve(bytes);
      // Copies, so that one small read does not keep its neighbours in memory.
      for (const { position, length, resolve } of group) resolve(bytes.slice(position - start, position - start + length));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  async #bytes(start: number, end: number): Promise<Uint8Array> {
    const kept = await this.#cache?.get(start, end - start);
    if (kept !== undefined) return kept;
    try {
      const range = { start, end, signal: this.#closing.signal };
      const { bytes } = await fetchRange(this.#source, range, this.#state, this.#requests, this.#options);
      await this.#cache?.put(start, bytes);
      return bytes;
    } catch (cause) {
      if (!(cause instanceof RangeFailure)) throw cause;
      if (cause.kind === 'changed') throw changedError(this.#source, cause);
      throw new CemError('FILE_READ', `reading ${this.#source.address} at byte ${start} failed: ${cause.message}`, {
        details: { path: this.#source.address, position: start },
        cause,
      });
    }
  }

  #closedError(): CemError {
    const path = this.#source.address;
    return new CemError('FILE_CLOSED', `${path} was closed: open it again`, { details: { path } });
  }

  #endError(position: number, length: number): FormatError {
    const path = this.#source.address;
    const missing = position + length - this.size;
    return new FormatError(
      'ZPKG_TRUNCATED',
      `${path} ends at byte ${this.size}, where ${missing} more were expected: the file was cut off; copy or pack it again`,
      { details: { path, position: this.size, missing } },
    );
  }
}

/** Lets so many requests run at once, the others wait in turn. */
class RequestSlots {
  begun = 0;
  #free: number;
  readonly #running = new Set<Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** When nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.begun += 1;
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

interface Range {
  readonly start: number;
  /** Exclusive; beyond the object's end without a state only. */
  readonly end: number;
  readonly signal?: AbortSignal;
}

/**
 * All bytes of a range, by as many requests as failures ask for.
 *
 * @throws RangeFailure, never a passing one without all its attempts
 */
async function fetchRange(
  source: RangeSource,
  { start, end, signal }: Range,
  opened: ObjectState | undefined,
  requests: RequestSlots,
  { retries = 5, backoff = 200, timeout = 60_000 }: RemoteFileOptions,
): Promise<Piece> {
  let state = opened;
  const parts: Uint8Array[] = [];
  let at = start;
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    const failure = await requests
      .run(async () => {
        const limit = AbortSignal.timeout(timeout);
        const piece = await source.get(at, end, state, signal ? AbortSignal.any([signal, limit]) : limit);
        if (state !== undefined && (piece.size !== state.size || piece.tag !== state.tag))
          throw new RangeFailure('changed', `it had ${stateText(state)} and has ${stateText(piece)}`);
        state ??= { size: piece.size, tag: piece.tag };
        parts.push(piece.bytes);
        at += piece.bytes.length;
        if (piece.bytes.length > 0) attempt = 0;
        return undefined;
      })
      .catch((error: unknown) => failureOf(error, timeout, signal));
    if (state !== undefined && at >= Math.min(end, state.size))
      return { ...state, bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
    const { kind, message, after } = failure ?? new RangeFailure('passing', 'the connection broke');
    if (kind !== 'passing' || attempt >= retries)
      throw new RangeFailure(kind, attempt > 0 ? `${message} (${attempt + 1} attempts)` : message, { cause: failure });
    const pause = Math.max(backoff * 2 ** attempt * (0.5 + Math.random() / 2), Math.min(after, 30_000));
    await wait(pause, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
  }
}

function failureOf(error: unknown, timeout: number, signal: AbortSignal | undefined): RangeFailure {
  signal?.throwIfAborted();
  if (error instanceof RangeFailure) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return new RangeFailure('passing', `no answer within ${timeout / 1000} s`, { cause: error });
  throw error;
}

function isNear(first: Wanted, end: number, next: Wanted): boolean {
  return next.position - end <= JOINED_GAP && endOf(next) - first.position <= WINDOW_BYTES;
}

function endOf({ position, length }: Wanted): number {
  return position + length;
}

function stateText({ size, tag }: ObjectState): string {
  return `${size} bytes${tag === undefined ? '' : ` and the tag ${tag}`}`;
}

function openError({ address }: RangeSource, cause: RangeFailure): CemError {
  if (cause.kind === 'no-ranges') {
    return new CemError(
      'REMOTE_RANGES',
      `the server of ${address} gives no ranges of it (${cause.message}): put it on one that does (object storage, nginx, a CDN), or copy it here`,
      { details: { path: address }, cause },
    );
  }
  if (cause.kind === 'changed') return changedError({ address }, cause);
  const missing = cause.kind === 'missing';
  return new CemError('FILE_OPEN', `cannot read ${address}: ${missing ? 'there is no such object' : cause.message}`, {
    details: { path: address, ...(missing && { missing }) },
    cause,
  });
}

function changedError({ address }: Pick<RangeSource, 'address'>, cause: RangeFailure): CemError {
  return new CemError(
    'REMOTE_CHANGED',
    `${address} was replaced while it was read (${cause.message}): open it again, and give a new corpus a new name`,
    { details: { path: address }, cause },
  );
}
