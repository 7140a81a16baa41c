import { keepInput, type Listener, noteOnce, removeKeptInputs, STOP_SIGNALS } from '../../base/index.ts';
import { type Document, readCorpus } from '../../data/index.ts';

/** What `<input>` takes, in the words of `--help`. */
export const INPUT_DESCRIPTION =
  'folder of text files, JSONL file (also .gz .zst), BEIR folder, or - for JSONL on standard input';

/** Gives an action the documents that the `<input>` of a command names, to be read as often as it wants. */
export async function withCorpusInput<Result>(
  input: string,
  listener: Listener,
  action: (documents: () => AsyncIterable<Document>) => Promise<Result>,
): Promise<Result> {
  const note = noteOnce(listener);
  if (input !== '-') return action(() => readCorpus(input, { note }));
  for (const signal of STOP_SIGNALS) process.once(signal, leave);
  try {
    const kept = await keepInput(process.stdin);
    try {
      return await action(() => readCorpus(kept.path));
    } finally {
      await kept.remove();
    }
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, leave);
  }
}

/** Without the handler, which was called for good, the signal ends the process as it always does. */
function leave(signal: NodeJS.Signals): void {
  removeKeptInputs();
  process.kill(process.pid, signal);
}
