/** Bytes [start, end) of a text in UTF-8. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}
