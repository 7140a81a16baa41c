import { type LoadedEntropyPatcher, listCheckpoints, loadEntropyPatcher, readCheckpointState } from '../../checkpoints/index.ts';
import { type DocumentReader, preparePatches } from '../../data/index.ts';
import { type ModelConfig, patchingOf } from '../../model/index.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { CorpusPassages } from '../variants/corpus-passages.ts';

/**
 * The language model that decides where patches begin, where the configuration asks for one (`model.patching.kind: entropy`), and the patches of all passages: from `<zpkg>.patches` where
 * that file is there for this language model and its rule, else computed once and written there. Short texts, which are in no container, and passages inside chunks are computed when a batch
 * has them and then known.
 * The caller disposes it.
 *
 * @param folder whose newest checkpoint, where there is one, must have been trained with the same language model
 * @param passages of the run's corpus
 * @throws as `loadEntropyPatcher` and `preparePatches`
 */
export async function openEntropyPatcher(
  folder: RunFolder,
  reader: DocumentReader,
  { texts: passages, chunks }: CorpusPassages,
  { model, listener }: { readonly model: ModelConfig; readonly listener: TrainingListener },
): Promise<LoadedEntropyPatcher | undefined> {
  const patching = patchingOf(model);
  if (patching.kind !== 'entropy') return undefined;
  const newest = (await listCheckpoints(folder.path)).at(-1);
  const trained = newest === undefined ? undefined : await readCheckpointState(folder.checkpoint(newest));
  const loaded = await loadEntropyPatcher(patching, model.maximumSymbols, trained?.entropyModel);
  if (passages !== chunks) return loaded;
  const stage = listener.stage('patches');
  try {
    const texts = async function* () {
      for (const [chunk, text] of passages.entries()) yield { chunk, text };
    };
    const { path, computed } = await preparePatches(reader, texts, loaded.patcher, (done, total) => stage.progress(done, total));
    stage.done(`${passages.length} chunks, ${computed ? `by ${patching.model}, kept as` : 'from'} ${path}`);
    return loaded;
  } catch (error) {
    stage.fail();
    loaded.dispose();
    throw error;
  }
}
