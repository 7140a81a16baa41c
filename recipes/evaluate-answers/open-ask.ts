import { ClosingStack, closing } from '../../base/index.ts';
import type { Answer, AnswerLanguage, AnswerRequest, SearchResult, SearchUnits } from '../../rag/index.ts';
import type { Filter } from '../../search/index.ts';
import { openAnswerer, type ReaderChoice, searchUnits } from '../answering/index.ts';
import { openCollection, type SearcherOptions } from '../search/index.ts';

/** What answers: an `Answerer` of rag/, or whatever takes its place. */
interface Answers {
  answer(request: AnswerRequest): Promise<Answer>;
}

export interface AskOptions extends SearcherOptions, ReaderChoice {
  /** Folder of the collection. */
  readonly collection: string;
  /** In place of the reader and its models. */
  readonly answerer?: ((search: SearchUnits) => Answers) | undefined;
}

/** A collection that is open for questions. */
export interface OpenAsk extends AsyncDisposable {
  /** What ranks. */
  readonly retrievers: string;
  /**
   * Asks, and gives what the first search found beside the answer.
   *
   * @param without documents that are not found, by any of their names
   */
  ask(
    question: string,
    without: readonly string[],
  ): Promise<{ readonly answer: Answer; readonly found: readonly SearchResult[] }>;
}

/** Throws as `openCollection` and `openAnswerer`. */
export async function openAsk(
  options: AskOptions & { readonly language: AnswerLanguage; readonly signal?: AbortSignal | undefined },
): Promise<OpenAsk> {
  const { collection, language, k, signal, answerer: own } = options;
  const opened = new ClosingStack();
  try {
    // Each question is ranked for itself: nothing is gained from codes in memory.
    const searcher = opened.add(await openCollection(collection, { codesMemory: 0, ...options }), (part) => part.close());
    let found: readonly SearchResult[] | undefined;
    const units = searchUnits(searcher);
    const search: SearchUnits = async (query, searching) => {
      const results = await units(query, searching);
      found ??= results;
      return results;
    };
    const answers: Answers =
      own === undefined ? opened.add(await openAnswerer({ ...options, search }), (part) => part.close()) : own(search);
    return {
      retrievers: searcher.description.retrievers ?? 'vectors',
      ask: async (question, without) => {
        found = undefined;
        const answer = await answers.answer({ question, language, k, signal, filter: withoutDocuments(without) });
        return { answer, found: found ?? [] };
      },
      ...closing(() => opened.close()),
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function withoutDocuments(names: readonly string[]): Filter | undefined {
  if (names.length === 0) return undefined;
  const named: Filter[] = [{ documents: names }, { field: 'source', in: names }, { field: 'fields._id', in: names }];
  return { not: { or: named } };
}
