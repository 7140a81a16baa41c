import { messageOf } from '../../base/index.ts';

/** Queries that a model is asked about at the same time. */
const AT_ONCE = 4;

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** Takes a line for each query that went without. */
  readonly note: (line: string) => void;
  /** What a query goes without, for the line: `the expansion`. */
  readonly what: string;
}

/**
 * Asks about each query, a few at a time. Where the model fails the answer is undefined and a line says so: a search goes on with what it has.
 *
 * @throws the signal's reason
 */
export async function askEach<Answer>(
  queries: readonly string[],
  ask: (query: string) => Promise<Answer>,
  { signal, note, what }: AskOptions,
): Promise<(Answer | undefined)[]> {
  const answers = new Array<Answer | undefined>(queries.length).fill(undefined);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < queries.length) {
      signal?.throwIfAborted();
      const place = next++;
      try {
        answers[place] = await ask(queries[place]!);
      } catch (error) {
        signal?.throwIfAborted();
        note(`${what} of ${JSON.stringify(queries[place])} failed, and the query is searched as it is: ${messageOf(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queries.length) }, work));
  return answers;
}
