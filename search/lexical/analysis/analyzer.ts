import { CemError } from '../../../base/index.ts';
import type { AnalyzerConfig } from './analyzer-config.ts';

/** Cuts texts into the terms that word search counts; queries and documents by the same one. */
export interface Analyzer {
  readonly name: string;
  /** What an index of terms stores beside them: only an analyzer with equal settings may search or extend it. */
  readonly settings: AnalyzerSettings;
  /** In no promised order, each as often as it occurs. A function by itself: it may be handed on without its object. */
  readonly terms: (text: string) => string[];
}

/** The configuration with every default, and a digest of what it computes: other rules, dictionaries or tables give another one. */
export type AnalyzerSettings = AnalyzerConfig & { readonly fingerprint: string };

/**
 * Holds the settings that an index was made with against those of the analyzer that shall read it.
 *
 * @throws CemError `SEARCH_ANALYZER_OTHER` naming both where they differ
 */
export function assertSameAnalyzer(stored: unknown, { settings }: { readonly settings: object }): void {
  const [wanted, given] = [canonical(stored), canonical(settings)];
  if (wanted === given) return;
  throw new CemError(
    'SEARCH_ANALYZER_OTHER',
    `the index of terms was made with the analyzer ${wanted}, but this one is ${given}; open the index with the analyzer that made it, or make it again`,
    { details: { stored, settings } },
  );
}

/** Whether analyzers of these settings compute the same; undefined is none. */
export function isSameAnalyzer(left: object | undefined, right: object | undefined): boolean {
  return canonical(left) === canonical(right);
}

/** JSON with sorted keys: a store may give them back in another order. */
function canonical(settings: unknown): string {
  if (typeof settings !== 'object' || settings === null) return JSON.stringify(settings) ?? 'undefined';
  return JSON.stringify(Object.fromEntries(Object.entries(settings).sort(([left], [right]) => (left < right ? -1 : 1))));
}
