/** What a server says of an object: another state of it has another tag or size. */
export interface ObjectState {
  /** Bytes of the whole object. */
  readonly size: number;
  /** The entity tag, or when it was last changed; undefined where the server says neither. */
  readonly tag: string | undefined;
}

/** A piece of an object: from the first byte that was asked for, and perhaps fewer than were asked for, since the object ends or the connection did. */
export interface Piece extends ObjectState {
  readonly bytes: Uint8Array;
}

/** Where ranges of one object come from. */
export interface RangeSource {
  /** As errors show it. */
  readonly address: string;
  /**
   * One request.
   *
   * @param end exclusive
   * @param state what the object was when it was opened; the request may ask the server to refuse another
   * @throws RangeFailure
   */
  get(start: number, end: number, state: ObjectState | undefined, signal: AbortSignal): Promise<Piece>;
}

/** Why one request failed. */
export type RangeFailureKind =
  /** There is no such object. */
  | 'missing'
  /** The object is another one now. */
  | 'changed'
  /** The server gives no ranges of it. */
  | 'no-ranges'
  /** Another request may succeed: the server is busy, the connection broke. */
  | 'passing'
  /** Another request would fail as well. */
  | 'final';

/** A failed request; `RemoteFile` tries again or makes an error for people of it. */
export class RangeFailure extends Error {
  override readonly name = 'RangeFailure';
  readonly kind: RangeFailureKind;
  /** Milliseconds that the server asks to wait. */
  readonly after: number;
  readonly status: number | undefined;

  constructor(kind: RangeFailureKind, message: string, options: { after?: number; status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.after = options.after ?? 0;
    this.status = options.status;
  }
}
