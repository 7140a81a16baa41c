/** What language texts are in, as far as letters and the most frequent words tell. */
export interface DetectedLanguage {
  /** ISO 639-1; `und` where nothing tells. */
  readonly language: string;
  /** Share of the letters that are of the language's script, 0 to 1. */
  readonly share: number;
}

/** Scripts that stand for one language here, and how many Latin letters one character stands for: a Chinese word of two characters is as long as an English one of about eight letters. */
const SCRIPTS: readonly { readonly language: string; readonly letters: RegExp; readonly weight: number }[] = [
  { language: 'zh', letters: /\p{Script=Han}/gu, weight: 4 },
  { language: 'ja', letters: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu, weight: 2 },
  { language: 'ko', letters: /\p{Script=Hangul}/gu, weight: 3 },
  { language: 'ru', letters: /\p{Script=Cyrillic}/gu, weight: 1 },
  { language: 'ar', letters: /\p{Script=Arabic}/gu, weight: 1 },
  { language: 'el', letters: /\p{Script=Greek}/gu, weight: 1 },
  { language: 'latin', letters: /\p{Script=Latin}/gu, weight: 1 },
];

/** The most frequent words of languages in Latin letters that few of the others have. */
const FUNCTION_WORDS: Readonly<Record<string, ReadonlySet<string>>> = {
  en: new Set(['the', 'of', 'and', 'to', 'is', 'that', 'for', 'with', 'are', 'this', 'be', 'by', 'from', 'which', 'it', 'not']),
  de: new Set([
    'der',
    'die',
    'und',
    'das',
    'den',
    'ist',
    'mit',
    'nicht',
    'ein',
    'eine',
    'zu',
    'von',
    'auf',
    'für',
    'werden',
    'dem',
  ]),
  fr: new Set(['le', 'les', 'des', 'et', 'est', 'une', 'dans', 'que', 'pour', 'qui', 'sur', 'pas', 'avec', 'du', 'au', 'sont']),
  es: new Set(['el', 'los', 'las', 'del', 'y', 'una', 'por', 'para', 'con', 'es', 'su', 'al', 'lo', 'como', 'más', 'pero']),
  it: new Set(['il', 'di', 'che', 'è', 'della', 'per', 'una', 'del', 'con', 'sono', 'gli', 'nel', 'alla', 'anche', 'più', 'dei']),
  pt: new Set(['o', 'os', 'da', 'do', 'em', 'um', 'uma', 'para', 'não', 'dos', 'com', 'ao', 'mais', 'das', 'são', 'pela']),
  nl: new Set([
    'het',
    'een',
    'van',
    'en',
    'dat',
    'niet',
    'zijn',
    'voor',
    'met',
    'op',
    'aan',
    'ook',
    'wordt',
    'bij',
    'naar',
    'worden',
  ]),
};

/** Letters in any script. */
const LETTERS = /\p{L}/gu;
/** Share of words that must be function words of a language before it is named: prose has 15% to 30%, lists of names and code next to none. */
const LEAST_FUNCTION_WORDS = 0.05;
/** Kana beside Han are Japanese: its prose has more kana than Han. */
const KANA_BESIDE_HAN = 0.2;

/** The language that most of the texts' letters are in. Text in Latin letters without the function words of a known language (code, tables) is `und`. */
export function languageOfTexts(texts: readonly string[]): DetectedLanguage {
  const counts = new Map<string, number>();
  let all = 0;
  for (const text of texts) {
    all += text.match(LETTERS)?.length ?? 0;
    for (const { language, letters } of SCRIPTS)
      counts.set(language, (counts.get(language) ?? 0) + (text.match(letters)?.length ?? 0));
  }
  if (all === 0) return { language: 'und', share: 0 };
  const weighed = SCRIPTS.map(({ language, weight }) => ({ language, value: weight * counts.get(language)! }));
  const best = weighed.reduce((most, one) => (one.value > most.value ? one : most));
  if (best.value === 0) return { language: 'und', share: 0 };
  const share = counts.get(best.language)! / all;
  if (best.language === 'latin') return { language: latinLanguage(texts), share };
  const kana = counts.get('ja')!;
  const japanese = best.language === 'zh' && kana > KANA_BESIDE_HAN * counts.get('zh')!;
  return japanese ? { language: 'ja', share: share + kana / all } : { language: best.language, share };
}

function latinLanguage(texts: readonly string[]): string {
  const found = new Map<string, number>();
  let words = 0;
  for (const text of texts) {
    for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
      words++;
      for (const [language, known] of Object.entries(FUNCTION_WORDS))
        if (known.has(word)) found.set(language, (found.get(language) ?? 0) + 1);
    }
  }
  const [language, count] = [...found].reduce((most, one) => (one[1] > most[1] ? one : most), ['und', 0]);
  return count >= LEAST_FUNCTION_WORDS * words ? language : 'und';
}
