import { join } from 'node:path';
import { exists } from '../../base/index.ts';
import { findCheckpoint, KNOWN_TEXT_FILE, knownTextOf, readKnownText, writeKnownText } from '../../checkpoints/index.ts';
import type { ShortTexts } from '../batches/labelling.ts';
import type { TrainOptions } from '../options/train-options.ts';
import type { RunFolder } from '../runs/run-folder.ts';

/** Short texts that are cut from passages, and have nothing that those have not. */
const CUT: ReadonlySet<string> = new Set(['sentences', 'words', 'spans']);

/** What a run is trained on. */
interface TrainedTexts {
  readonly passages: readonly string[];
  readonly others: readonly Pick<ShortTexts, 'name' | 'texts'>[];
}

/** Keeps which words and n-grams a run is trained on in its folder, with those of the checkpoint that it begins with, where that says so; once for a run. */
export async function recordKnownText(
  folder: RunFolder,
  { passages, others }: TrainedTexts,
  { model, training, listener }: Pick<TrainOptions, 'model' | 'training' | 'listener'>,
): Promise<void> {
  const path = join(folder.path, KNOWN_TEXT_FILE);
  if (await exists(path)) return;
  const stage = listener.stage('known text');
  try {
    const before = await knownBefore(training.warmStart);
    const texts = [...passages, ...others.flatMap(({ name, texts }) => (CUT.has(name) ? [] : texts))];
    const known = knownTextOf(texts, model.tables.sizes, before);
    await writeKnownText(path, known);
    stage.done(`${known.words.size} words`);
  } catch (error) {
    stage.fail();
    throw error;
  }
}

/** Weights of others say nothing of their texts. */
async function knownBefore(warmStart: string | undefined): ReturnType<typeof readKnownText> {
  if (warmStart === undefined) return undefined;
  const checkpoint = await findCheckpoint(warmStart).catch(() => undefined);
  return checkpoint === undefined ? undefined : readKnownText(checkpoint);
}
