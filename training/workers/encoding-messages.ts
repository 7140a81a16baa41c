import type { ByteSpan } from '../../base/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';

/** A dictionary that later batches name by its number; numbers count from 0. */
export interface DictionaryMessage {
  readonly dictionary: Uint8Array;
}

/** Compressed texts of one batch in one piece of memory, so that they change threads without being copied one by one. */
export interface BatchMessage {
  /** All frames, one after the other; a frame that several texts lie in is there once. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** [frames] bytes of each. */
  readonly lengths: Uint32Array;
  /** [frames] number of the dictionary of each. */
  readonly dictionaries: Uint32Array;
  /** [texts] number of the frame that each lies in. */
  readonly frames: Uint32Array;
  /** [texts] the bytes of the frame's content that it is; undefined: all of them. */
  readonly spans: readonly (ByteSpan | undefined)[];
}

/** What the thread says: that its program is loaded, or a batch, or that it cannot make one. */
export type EncodingAnswer = 'ready' | 'failed' | { readonly batch: SymbolBatch };

/** The memory of a batch, for handing it to another thread. */
export function buffersOf({ lengths, kinds, places, starts, rows, patches }: SymbolBatch): ArrayBuffer[] {
  const arrays = [lengths, kinds, places, starts, ...rows, ...(patches ? [patches.ids, patches.mask] : [])];
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
}
