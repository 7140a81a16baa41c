import { permutation } from './choose-texts.ts';
import type { CorpusLanguage } from './source.ts';

/** What is asked of a term: a student of queries has to know what question words do to a vector. */
const FORMS: Readonly<Record<CorpusLanguage['tag'], readonly string[]>> = {
  en: [
    'what is %?',
    'What is %?',
    'what does % mean?',
    'how does % work?',
    'What is the purpose of %?',
    'what are the effects of %',
    'Which kinds of % are there?',
    'where is % found?',
    'Why is % important?',
    'how is % related to %?',
    'what is the difference between % and %',
    'What causes %?',
    'When was % first used?',
    'who uses %?',
    'how to use %',
    'has anyone investigated the influence of % on %?',
  ],
  zh: [
    '什么是%？',
    '%是什么？',
    '%是什么意思？',
    '%有什么作用？',
    '如何使用%？',
    '%和%有什么区别？',
    '%在哪里？',
    '为什么要有%？',
    '哪些%比较常见？',
    '%是什么时候开始的？',
    '谁会用到%？',
    '%与%有什么关系？',
  ],
};

/** Questions about terms that are drawn from all names, each form equally often. */
export function questionList(
  names: readonly string[],
  { tag }: Pick<CorpusLanguage, 'tag'>,
  maximum: number,
  seed: number,
): string[] {
  const terms = [...new Set(names)].filter((name) => name.length <= 40);
  const order = permutation(terms.length, seed, 'questions');
  const questions = new Set<string>();
  for (let place = 0, form = 0; questions.size < maximum; form++) {
    const text = FORMS[tag][form % FORMS[tag].length]!.replace(/%/g, () => terms[order[place++] ?? -1] ?? '');
    if (place > terms.length) break;
    questions.add(text);
  }
  return [...questions];
}
