import { isCemError } from '../../base/index.ts';
import type { OpenQueryEncoder } from '../retrieval/query-encoder.ts';
import type { RetrieverChoice } from '../retrieval/searcher.ts';

/** What ranks, with what encodes queries where vectors do. */
interface Ranking {
  readonly retrievers: RetrieverChoice;
  readonly encoder: OpenQueryEncoder | undefined;
}

/**
 * What ranks in a collection, and what encodes its queries. Where nobody asked for vectors, and the teacher is neither on this machine nor to be had from the hub, words alone rank in a
 * collection that keeps terms: an answer by words is better than none.
 *
 * @param asked what somebody asked to rank by; undefined: all that the collection has
 * @param hasTerms whether the collection keeps terms
 * @param note takes a line where words must do
 * @throws what `open` throws otherwise
 */
export async function encoderOrWords(
  asked: RetrieverChoice | undefined,
  hasTerms: boolean,
  open: () => Promise<OpenQueryEncoder>,
  note: (line: string) => void = () => undefined,
): Promise<Ranking> {
  const retrievers = asked ?? (hasTerms ? 'hybrid' : 'vectors');
  if (retrievers === 'bm25') return { retrievers, encoder: undefined };
  try {
    return { retrievers, encoder: await open() };
  } catch (error) {
    if (asked !== undefined || !hasTerms || !isCemError(error) || error.code !== 'TEACHER_UNAVAILABLE') throw error;
    note(`words alone rank, since nothing is at hand that encodes queries: ${error.message}`);
    return { retrievers: 'bm25', encoder: undefined };
  }
}
