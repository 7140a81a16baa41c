/** What is no content though no rule of lines tells it. */
export const NOISE_KINDS = ['advertisement', 'disclaimer', 'sidebar'] as const;
export type NoiseKind = (typeof NOISE_KINDS)[number];
export type BlockLabel = NoiseKind | 'content';
