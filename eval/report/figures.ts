import { formatBytes, formatShare } from '../../base/index.ts';

/** How figures are written, in page and Markdown alike. */
export const figures = {
  score: (value: number): string => value.toFixed(4),
  signedScore: (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`,
  share: formatShare,
  count: (value: number): string => String(value),
  rate: (value: number): string => value.toFixed(1),
  megabytes: (value: number): string => value.toFixed(3),
  bytes: formatBytes,
} as const;

export type FigureFormat = keyof typeof figures;

/** How a row's documents were ranked. */
export function rankingText(index: string, dropOwnId: boolean): string {
  return dropOwnId ? `${index}; without the query's own document` : index;
}
