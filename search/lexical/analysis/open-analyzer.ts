import { createHash } from 'node:crypto';
import { tokenize } from '../tokenizer.ts';
import { type Analyzer, assertSameAnalyzer } from './analyzer.ts';
import { type AnalyzerConfig, type AnalyzerInput, parseAnalyzer, type WordsConfig } from './analyzer-config.ts';
import { hanCutter } from './han-cutter.ts';
import { traditionalFolder } from './traditional-folder.ts';
import { wordTerms } from './word-terms.ts';

/** Raised whenever the same configuration gives other terms than before. */
const RULES = 1;

/** What a fingerprint is taken of: every rule at least once. */
const PROBE = `The generously running dogs' skies, ﬁne naïve ÉTÉ; ERR_FOO_BAR node:fs/promises getElementById v1.2.3-beta IL-2 3.14
中华人民共和国民法典第五百九十条，小明硕士毕业于中国科学院计算所的；第 12 条之一 COVID疫苗 計算機軟體 後裏 カタカナ ภาษาไทย \u{20000}`;

/**
 * Opens an analyzer of texts. jieba and the table of traditional characters are loaded only where the configuration wants them, and once a process;
 * jieba takes about 0.4 s, and is warm when this returns.
 *
 * @throws UsageError `SEARCH_ANALYZER` for a configuration that is none; CemError `SEARCH_ANALYZER_PACKAGE` where an optional package is not installed
 */
export async function openAnalyzer(input: AnalyzerInput = { kind: 'characters' }): Promise<Analyzer> {
  const config = parseAnalyzer(input);
  if (config.kind === 'characters') return analyzer(config, tokenize, '');
  const { terms, dictionary } = await openWords(config);
  return analyzer(config, terms, dictionary);
}

/**
 * Opens the analyzer that an index of terms, or a corpus, was made with.
 *
 * @param stored its settings, fingerprint included
 * @throws CemError `SEARCH_ANALYZER_OTHER` where this program's analyzer with these settings computes something else; and as `openAnalyzer`
 */
export async function openStoredAnalyzer(stored: { readonly fingerprint: string }): Promise<Analyzer> {
  const { fingerprint: _, ...config } = stored;
  const analyzer = await openAnalyzer(parseAnalyzer(config));
  assertSameAnalyzer(stored, analyzer);
  return analyzer;
}

async function openWords(config: WordsConfig): Promise<{ terms: (text: string) => string[]; dictionary: string }> {
  const [cutter, fold] = await Promise.all([hanCutter(config.chinese), config.foldTraditional ? traditionalFolder() : undefined]);
  return { terms: wordTerms({ ...config, cut: cutter.cut, fold }), dictionary: cutter.dictionary };
}

function analyzer(config: AnalyzerConfig, terms: (text: string) => string[], dictionary: string): Analyzer {
  const computed = JSON.stringify([RULES, dictionary, terms(PROBE)]);
  const fingerprint = createHash('sha256').update(computed).digest('hex').slice(0, 16);
  return { name: config.kind, settings: { ...config, fingerprint }, terms };
}
