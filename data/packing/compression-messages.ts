/** What a compression thread is started with. */
export interface CompressionSettings {
  readonly level: number;
  /** Empty: none. */
  readonly dictionary: Uint8Array;
  readonly plainLiterals: boolean;
  /** Largest compressed size of a part, in bytes. */
  readonly targetChunkSize: number;
}

/** Frames of several texts in one piece of memory, so that they change threads without being copied one by one. */
export interface CompressedTexts {
  /** All frames, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** [frames] bytes of each. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** [texts] frames of each. */
  readonly frameCounts: Uint32Array<ArrayBuffer>;
}

export function joinFrames(texts: readonly (readonly Uint8Array[])[]): CompressedTexts {
  const frames = texts.flat();
  const lengths = Uint32Array.from(frames, (frame) => frame.length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let position = 0;
  for (const frame of frames) {
    bytes.set(frame, position);
    position += frame.length;
  }
  return { bytes, lengths, frameCounts: Uint32Array.from(texts, (parts) => parts.length) };
}

/** The frames of each text, as views. */
export function splitFrames({ bytes, lengths, frameCounts }: CompressedTexts): Uint8Array[][] {
  let position = 0;
  let frame = 0;
  return Array.from(frameCounts, (count) => {
    const parts: Uint8Array[] = [];
    for (let left = count; left > 0; left--) {
      const length = lengths[frame++]!;
      parts.push(bytes.subarray(position, position + length));
      position += length;
    }
    return parts;
  });
}
