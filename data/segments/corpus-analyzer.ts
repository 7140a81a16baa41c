import { CemError } from '../../base/index.ts';
import { type AnalyzerDescription, analyzerText, isSameAnalyzer, type TermAnalyzer } from '../metadata/term-analyzer.ts';

/** Opens the analyzer of these settings: that of this program with these options. */
export type OpenTerms = (settings: AnalyzerDescription) => Promise<TermAnalyzer>;

/**
 * The analyzer that made a corpus' terms, for documents that come to it.
 *
 * @throws CemError `CORPUS_ANALYZER` where there is none, or where it computes other terms; what `open` throws
 */
export async function openCorpusAnalyzer(
  path: string,
  settings: AnalyzerDescription,
  open: OpenTerms | undefined,
): Promise<TermAnalyzer> {
  const opened = await open?.(settings);
  if (opened !== undefined && isSameAnalyzer(opened.settings, settings)) return opened;
  const got = opened === undefined ? 'none is at hand' : `here is ${analyzerText(opened.settings)}`;
  throw new CemError(
    'CORPUS_ANALYZER',
    `${path} keeps the terms of the analyzer ${analyzerText(settings)}, and ${got}: use the program that made it, or make another corpus`,
    { details: { path, made: settings, got: opened?.settings } },
  );
}
