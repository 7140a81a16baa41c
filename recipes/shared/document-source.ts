import { type Listener, noteOnce } from '../../base/index.ts';
import { type Document, readCorpus } from '../../data/index.ts';

/**
 * Where documents come from: the path of a folder of text files, a JSONL file (also .gz .zst) or a BEIR folder; documents themselves; or a function that gives them, each time from
 * the start.
 */
export type DocumentSource = string | readonly Document[] | (() => AsyncIterable<Document>);

/** The documents, to be read as often as one wants; reading says what it passes over, and ends with the signal's reason once that is aborted. */
export function documentsOf(source: DocumentSource, listener: Listener, signal?: AbortSignal): () => AsyncIterable<Document> {
  const note = noteOnce(listener);
  return async function* () {
    const documents =
      typeof source === 'string' ? readCorpus(source, { note }) : typeof source === 'function' ? source() : source;
    for await (const document of documents) {
      signal?.throwIfAborted();
      yield document;
    }
  };
}
