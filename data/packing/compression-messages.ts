import type { ByteSpan } from '../../base/index.ts';
import type { PassageSettings } from '../passages/cut-passages.ts';

/** What a compression thread is started with. */
export interface CompressionSettings {
  readonly level: number;
  /** Empty: none. */
  readonly dictionary: Uint8Array;
  readonly plainLiterals: boolean;
  /** Largest compressed size of a part, in bytes. */
  readonly targetChunkSize: number;
  /** How parts are cut into passages; undefined: each is its own one. */
  readonly passages?: PassageSettings | undefined;
}

/** A part of a text. */
export interface CompressedPart {
  readonly frame: Uint8Array;
  /** Spans of its content when it has several, else none. */
  readonly passages: readonly ByteSpan[];
}

/** Parts of several texts in few pieces of memory, so that they change threads without being copied one by one. */
export interface CompressedTexts {
  /** All frames, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** [parts] bytes of each frame. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** [texts] parts of each. */
  readonly partCounts: Uint32Array<ArrayBuffer>;
  /** [parts] passages of each, 0 for none. */
  readonly passageCounts: Uint32Array<ArrayBuffer>;
  /** [passages, 2] start and end of each. */
  readonly passageEdges: Uint32Array<ArrayBuffer>;
}

export function joinParts(texts: readonly (readonly CompressedPart[])[]): CompressedTexts {
  const parts = texts.flat();
  const lengths = Uint32Array.from(parts, ({ frame }) => frame.length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let position = 0;
  for (const { frame } of parts) {
    bytes.set(frame, position);
    position += frame.length;
  }
  return {
    bytes,
    lengths,
    partCounts: Uint32Array.from(texts, (own) => own.length),
    passageCounts: Uint32Array.from(parts, ({ passages }) => passages.length),
    passageEdges: Uint32Array.from(parts.flatMap(({ passages }) => passages.flatMap(({ start, end }) => [start, end]))),
  };
}

/** The parts of each text, their frames as views. */
export function splitParts({ bytes, lengths, partCounts, passageCounts, passageEdges }: CompressedTexts): CompressedPart[][] {
  let position = 0;
  let part = 0;
  let edge = 0;
  return Array.from(partCounts, (count) => {
    const parts: CompressedPart[] = [];
    for (let left = count; left > 0; left--) {
      const passages = Array.from({ length: passageCounts[part]! }, () => ({
        start: passageEdges[edge++]!,
        end: passageEdges[edge++]!,
      }));
      const length = lengths[part++]!;
      parts.push({ frame: bytes.subarray(position, position + length), passages });
      position += length;
    }
    return parts;
  });
}
