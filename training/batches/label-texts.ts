import { CemError } from '../../base/index.ts';
import type { Vectors } from '../../encoders/index.ts';
import type { TrainingListener } from '../runs/training-listener.ts';

/**
 * The teacher's vectors of texts, in a stage that a signal ends at its next progress.
 *
 * @param name of the texts
 * @throws CemError `TRAINING_STOPPED` after a signal, and what `embed` throws
 */
export async function labelTexts(
  name: string,
  { listener, signal }: { readonly listener: TrainingListener; readonly signal?: AbortSignal },
  embed: (onProgress: (done: number, total: number) => void) => Promise<Vectors>,
): Promise<Vectors> {
  const stage = listener.stage(`label ${name}`);
  const vectors = await embed((done, total) => {
    stage.progress(done, total);
    if (!signal?.aborted) return;
    // There is no step to end and no checkpoint to write yet. What was labelled is in the cache.
    stage.fail();
    throw new CemError(
      'TRAINING_STOPPED',
      'stopped while the teacher labelled the texts; its vectors so far are kept, and the same command with --resume goes on',
    );
  });
  stage.done(`${vectors.rows} vectors of ${vectors.dimension}`);
  return vectors;
}
