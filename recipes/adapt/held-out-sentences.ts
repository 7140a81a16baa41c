import { RandomNumbers } from '../../base/index.ts';
import { type BeirData, type Document, documentText, splitSentences } from '../../data/index.ts';

/** Characters of a sentence that can be a question; an ideograph, kana or hangul syllable counts as three. */
const SHORTEST = 50;
const LONGEST = 250;
/** Share of letters and spaces: code, links and tables have less. */
const LEAST_LETTERS = 0.85;

/** What a model is measured with: documents, and sentences that each occur in one of them alone. */
export interface SentenceBenchmark {
  readonly data: BeirData;
  /** The sentences that are asked. */
  readonly sentences: ReadonlySet<string>;
}

/**
 * A benchmark without judgments by people: a sentence is the question, and the document that it stands in is the answer.
 *
 * @param candidates documents that are ranked
 * @param elsewhere other documents of the corpus: a sentence that one of them has is no question
 * @param wanted questions at most, one a document
 */
export function sentenceBenchmark(
  candidates: readonly Document[],
  elsewhere: readonly Document[],
  { wanted, seed }: { readonly wanted: number; readonly seed: number },
): SentenceBenchmark {
  const own = candidates.map((document) => splitSentences(documentText(document)));
  const occurrences = new Map<string, number>();
  for (const sentence of own.flat()) if (isQuestion(sentence)) occurrences.set(sentence, (occurrences.get(sentence) ?? 0) + 1);
  for (const document of elsewhere) {
    for (const sentence of splitSentences(documentText(document))) {
      const known = occurrences.get(sentence);
      if (known !== undefined) occurrences.set(sentence, known + 1);
    }
  }
  const random = new RandomNumbers(seed, 'held-out sentences');
  const order = Int32Array.from(candidates, (_, index) => index);
  random.shuffle(order);
  const queries = new Map<string, string>();
  const qrels = new Map<string, ReadonlyMap<string, number>>();
  for (const index of order) {
    if (queries.size >= wanted) break;
    const unique = own[index]!.filter((sentence) => occurrences.get(sentence) === 1);
    if (unique.length === 0) continue;
    const query = `sentence-${queries.size + 1}`;
    queries.set(query, unique[random.integer(unique.length)]!);
    qrels.set(query, new Map([[candidates[index]!.id, 1]]));
  }
  const documents = async function* () {
    yield* candidates;
  };
  return { data: { documents, queries, qrels }, sentences: new Set(queries.values()) };
}

function isQuestion(sentence: string): boolean {
  let [width, letters] = [0, 0];
  for (const character of sentence) {
    width += /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(character) ? 3 : 1;
    if (/[\p{L}\s、，。；：]/u.test(character)) letters++;
  }
  return width >= SHORTEST && width <= LONGEST && letters >= LEAST_LETTERS * [...sentence].length;
}
