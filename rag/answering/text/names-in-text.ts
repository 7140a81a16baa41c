/** Words of scripts that have capitals, and numbers. */
const WORD = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{M}]+|\p{Nd}+/gu;
/** Begins a sentence, where a capital says nothing. */
const AT_BEGINNING = /(?:^|[.!?。！？:：\n]["'“‘(]?\s*)$/u;

/** Numbers are compared without what sets thousands apart. */
const plain = (text: string): string => text.normalize('NFKC').replace(/(?<=\p{Nd}),(?=\p{Nd}{3})/gu, '');

/** All words of scripts with capitals and numbers in a text, in lower case. */
export function wordsIn(text: string): Set<string> {
  return new Set(Array.from(plain(text).matchAll(WORD), ([word]) => word.toLowerCase()));
}

/**
 * Names and numbers in a text, word by word in lower case: what has a capital within a sentence, and digits.
 *
 * @param known names that are some at the beginning of a sentence, too
 */
export function namesIn(text: string, known: ReadonlySet<string> = new Set()): Set<string> {
  const names = new Set<string>();
  const whole = plain(text);
  for (const { 0: word, index } of whole.matchAll(WORD)) {
    const name = word.toLowerCase();
    const isName = /^\p{Lu}/u.test(word) && (known.has(name) || !AT_BEGINNING.test(whole.slice(0, index)));
    // A single capital letter is a word of English, or a point of a list.
    if (/^\p{Nd}/u.test(word) || (isName && word.length > 1)) names.add(name);
  }
  return names;
}
