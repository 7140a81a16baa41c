import { checkMetadata } from './check-metadata.ts';
import type { JsonValue } from './metadata.ts';

/** What an analyzer computes, as JSON: its settings, and a fingerprint that is another one wherever the same settings give other terms. */
export type AnalyzerDescription = Readonly<Record<string, JsonValue>> & { readonly fingerprint: string };

/** Cuts texts into terms. What packs is given one; that of search/lexical is such a one. */
export interface TermAnalyzer {
  readonly settings: AnalyzerDescription;
  /** In no promised order, each as often as it occurs. */
  readonly terms: (text: string) => readonly string[];
}

/** JSON with sorted keys, so that equal analyzers have equal texts. */
export function analyzerText(settings: AnalyzerDescription): string {
  return JSON.stringify(Object.fromEntries(Object.entries(settings).sort(([left], [right]) => (left < right ? -1 : 1))));
}

export function isSameAnalyzer(left: AnalyzerDescription | undefined, right: AnalyzerDescription | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return analyzerText(left) === analyzerText(right);
}

/**
 * @param fail makes the error for what is wrong with it
 * @throws what `fail` makes
 */
export function decodeAnalyzer(content: Uint8Array, fail: (wrong: string) => Error): AnalyzerDescription {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    throw fail('the analyzer of its terms is not JSON');
  }
  // An object of limited depth, as fields are.
  const { fields } = checkMetadata({ fields: value }, (_, wrong) => fail(`the analyzer of its terms ${wrong}`));
  if (typeof fields?.['fingerprint'] !== 'string' || fields['fingerprint'] === '')
    throw fail('the analyzer of its terms has no fingerprint');
  return fields as AnalyzerDescription;
}
