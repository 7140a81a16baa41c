import { createHash } from 'node:crypto';

/** What the golden files of labels and of known text hold. */
export const GOLDEN_TEXTS = ['The keeper lights the lantern.', '守灯人点亮灯火。'];
export const GOLDEN_LABEL_TEACHER = { id: 'transformers:golden', revision: '0123456789abcdef', dimension: 2, settings: { pooling: 'mean' } };
/** Exact in float16, and of length 1: they are read as they were written. */
export const GOLDEN_VECTORS = [
  [0, 1],
  [-1, 0],
];
export const GOLDEN_KEYS = GOLDEN_TEXTS.map((text) => createHash('sha256').update(`document\0${text}`).digest().toString('latin1', 0, 16));
