import { openReranker as open, type Reranker } from '../../rag/index.ts';
import type { OnBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { modelsFolder } from '../shared/models-folder.ts';

export interface RerankerOptions extends Pick<LongCall, 'listener'>, OnBackend {
  /** Folder in which cross-encoders are looked up before the hub. */
  readonly models?: string | undefined;
  /** How much it counts beside what ranked before it, 0 to 1; 1, it alone, unless given. */
  readonly rerankShare?: number | undefined;
}

/** Opens the reranker that a line names: cross-encoder:MODEL, endpoint:URL#MODEL, tei:URL or checkpoint:FOLDER. Dispose of it. Throws as `openReranker` of rag/ does. */
export async function openReranker(choice: string, options: RerankerOptions = {}): Promise<Reranker> {
  return open(choice, {
    models: modelsFolder(options.models),
    share: options.rerankShare,
    // Only a trained checkpoint needs TensorFlow.js, which is not loaded before.
    beforeCheckpoint: async () => {
      const { useBackend } = await import('../shared/backend.ts');
      await useBackend(options, listenerOf(options));
    },
  });
}
