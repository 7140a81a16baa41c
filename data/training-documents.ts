import { stat } from 'node:fs/promises';
import { CemError } from '../zpkg/index.ts';
import { readBeir } from './beir.ts';
import { readCorpus } from './corpus.ts';
import type { Document } from './document.ts';

/**
 * The documents that a run trains on: all of a source, or of a BEIR folder those that one split judges.
 *
 * @returns a function that reads them anew each time
 * @throws CemError `DATA_MISSING` when there is no such source
 */
export async function trainingDocuments(source: string, split: string | undefined): Promise<() => AsyncIterable<Document>> {
  try {
    await stat(source);
  } catch (cause) {
    throw new CemError(
      'DATA_MISSING',
      `there is no ${source} to train on: name a folder of texts, a JSONL file or a BEIR folder as data.source`,
      { details: { source }, cause },
    );
  }
  if (split === undefined) return () => readCorpus(source);
  const data = await readBeir(source, split);
  const judged = new Set<string>();
  for (const grades of data.qrels.values()) for (const id of grades.keys()) judged.add(id);
  return async function* () {
    for await (const document of data.documents()) if (judged.has(document.id)) yield document;
  };
}
