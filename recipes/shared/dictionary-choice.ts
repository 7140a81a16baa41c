import { readFile } from 'node:fs/promises';
import { UsageError } from '../../base/index.ts';
import { ZpkgReader } from '../../zpkg/index.ts';

/**
 * The dictionary that `--dictionary run|corpus|none|FILE` names; undefined when one is to be trained on the documents.
 *
 * @param trainingZpkg the run's packed training corpus, where it still lies beside the checkpoint
 * @throws UsageError `EVAL_NO_TRAINING_CORPUS`, `EVAL_DICTIONARY_UNREADABLE`
 */
export async function readDictionary(choice: string, trainingZpkg: string | undefined): Promise<Uint8Array | 'none' | undefined> {
  if (choice === 'corpus') return undefined;
  if (choice === 'none') return 'none';
  if (choice === 'run') {
    if (trainingZpkg === undefined) {
      throw new UsageError(
        'EVAL_NO_TRAINING_CORPUS',
        'the training corpus (corpus.zpkg in the run folder) is not there, so its dictionary cannot be used; say --dictionary corpus, none or a file',
      );
    }
    const reader = await ZpkgReader.open(trainingZpkg);
    try {
      return reader.dictionary.length > 0 ? reader.dictionary : 'none';
    } finally {
      await reader.close();
    }
  }
  try {
    return await readFile(choice);
  } catch (cause) {
    throw new UsageError(
      'EVAL_DICTIONARY_UNREADABLE',
      `--dictionary ${choice} is neither run, corpus or none nor a file that can be read`,
      {
        details: { path: choice },
        cause,
      },
    );
  }
}
