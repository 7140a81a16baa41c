import { type Document, keepInput, readCorpus } from '../data/index.ts';

/** What `<input>` takes, in the words of `--help`. */
export const INPUT_DESCRIPTION =
  'folder of text files, JSONL file (also .gz .zst), BEIR folder, or - for JSONL on standard input';

/** Gives an action the documents that the `<input>` of a command names, to be read as often as it wants. */
export async function withCorpusInput<Result>(
  input: string,
  action: (documents: () => AsyncIterable<Document>) => Promise<Result>,
): Promise<Result> {
  if (input !== '-') return action(() => readCorpus(input));
  const kept = await keepInput(process.stdin);
  try {
    return await action(() => readCorpus(kept.path));
  } finally {
    await kept.remove();
  }
}
