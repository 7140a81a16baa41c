import type { TermAnalyzer } from '../../data/index.ts';
import { type AnalyzerInput, openAnalyzer } from '../../search/lexical/index.ts';

/** Which terms are kept of each passage: none, or those of an analyzer, by its kind or with its options. */
export type TermsChoice = 'none' | AnalyzerInput['kind'] | AnalyzerInput;

/** Throws as `openAnalyzer`. */
export async function openTermsChoice(choice: TermsChoice): Promise<TermAnalyzer | 'none'> {
  if (choice === 'none') return choice;
  return openAnalyzer(typeof choice === 'string' ? { kind: choice } : choice);
}
