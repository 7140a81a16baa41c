/**
 * Most bytes that one chunk may hold when decompressed: 64 MiB, far over any chunk of text. A format limit (FORMAT.md, Chunks) that compressor, writer, reader,
 * decompressor and frame parser keep alike, so that what one of them accepts the others do.
 */
export const LARGEST_CHUNK_CONTENT = 64 * 1024 * 1024;
