import { type AnswerQuestion, type AnswerRecord, withoutCitationNumbers } from '../../eval/answers/index.ts';
import { openTokenCounter, sentencesOf } from '../../ingest/index.ts';
import type { Answer, SearchResult } from '../../rag/index.ts';

/**
 * An answer as it is measured.
 *
 * @param found what the search gave, the best first
 */
export async function answerRecord(
  question: AnswerQuestion,
  answer: Answer,
  found: readonly SearchResult[],
): Promise<AnswerRecord> {
  const names = new Map([...found, ...answer.sources].map((result) => [result.document, namesOf(result)]));
  const { citations, answered, confidence, dropped, model } = answer;
  const numbers = new Set(citations.map(({ number }) => number));
  const whole = withoutCitationNumbers(answer.answer, numbers);
  return {
    ...question,
    prediction: answered ? (answer.shortAnswer?.text ?? whole) : '',
    wholeAnswer: answered ? whole : '',
    answered,
    confidence,
    citations: citations.map(({ document, text }) => ({ names: names.get(document) ?? [document], text })),
    dropped,
    retrieved: found.map((result) => names.get(result.document)!),
    firstSentence: found[0] === undefined ? '' : (sentencesOf(found[0].text)[0] ?? ''),
    contextTokens: answer.usage?.promptTokens ?? (await tokensOf(answer.sources)),
    milliseconds: Object.fromEntries(Object.entries(answer.timings).filter(([, value]) => typeof value === 'number')),
    model,
  };
}

/** Of a question that was not asked: nothing was found, and nothing said. */
export function unaskedRecord(question: AnswerQuestion): AnswerRecord {
  return {
    ...question,
    prediction: '',
    wholeAnswer: '',
    answered: false,
    confidence: 0,
    citations: [],
    dropped: 0,
    retrieved: [],
    firstSentence: '',
    contextTokens: 0,
    milliseconds: {},
    model: '',
  };
}

/** What a document may be called in a file of questions: its unit's id, its own, its path, and the id that a line of JSONL has. */
function namesOf({ document, metadata }: SearchResult): string[] {
  const { source, fields } = (metadata ?? {}) as {
    readonly source?: unknown;
    readonly fields?: Readonly<Record<string, unknown>>;
  };
  const own = document.replace(/-\d+$/, '');
  const names = [document, own, source, fields?.['_id']];
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}

/** Of a reader that says nothing of a prompt: the tokens of what it read, by o200k_base. */
async function tokensOf(sources: readonly SearchResult[]): Promise<number> {
  const { count } = await openTokenCounter();
  return sources.reduce((sum, { unit, text }) => sum + count(unit?.text ?? text), 0);
}
