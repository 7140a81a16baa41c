import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CemError } from '../../base/index.ts';
import { joinWindows, naturalOrder, packTexts } from '../../data/index.ts';
import type { ModelConfig } from '../../model/index.ts';
import { contentSize, ZpkgReader } from '../../zpkg/index.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { PackSettings, PackVariant } from './config.ts';
import type { CorpusPassages, TextPlace } from './corpus-passages.ts';

/** A variant's container, whose chunks have the texts of `corpus.zpkg`'s, or windows of its passages. */
export interface VariantContainer {
  readonly container: ZpkgReader;
  /** [passages] where each lies. */
  readonly places: readonly TextPlace[];
  readonly level: number;
  readonly weight: number;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/**
 * The containers of the configuration's `pack.variants`, packed into the run's folder where they are not there. A model of texts reads none of them, so there are none for it. The caller
 * closes what it gets.
 *
 * @param passages of `corpus.zpkg`
 * @throws CemError `RUN_VARIANT_DIFFERS` when one that is there has other chunks, and what packing and opening throw
 */
export async function openVariants(
  folder: RunFolder,
  passages: CorpusPassages,
  options: {
    readonly pack: PackSettings;
    readonly model: Pick<ModelConfig, 'input'>;
    readonly listener: TrainingListener;
  },
): Promise<VariantContainer[]> {
  const { pack, model, listener } = options;
  const variants = model.input === 'text' ? [] : (pack.variants ?? []);
  const paths = variants.map((_, index) => folder.variant(1 + index));
  const missing = paths.filter((path) => !existsSync(path)).length;
  if (missing > 0) {
    const { size } = await stat(folder.zpkg);
    listener.note(
      `variants: ${missing} more ${missing === 1 ? 'container' : 'containers'} in ${folder.path}, about ${megabytes(missing * size)} of disk`,
    );
  }
  const opened: VariantContainer[] = [];
  try {
    for (const [index, path] of paths.entries()) {
      const variant = variants[index]!;
      const { level = pack.level, dictionarySize = pack.dictionarySize, dictionarySample, window, weight = 1 } = variant;
      const { texts, places } = textsOf(variant, passages);
      if (!existsSync(path)) {
        const stage = listener.stage(`pack variant ${1 + index}`);
        const packed = await packTexts(texts, path, {
          level,
          dictionarySize,
          dictionarySample,
          onProgress: (done, total) => stage.progress(done, total),
        }).catch((error: unknown) => {
          stage.fail();
          throw error;
        });
        stage.done(`level ${level}, dictionary of ${packed.dictionaryBytes} bytes, ${megabytes(packed.containerBytes)}`);
      }
      const container = await ZpkgReader.open(path);
      opened.push({ container, places, level, weight });
      if (container.chunkCount !== texts.length) {
        const expected =
          window === undefined
            ? `${folder.zpkg} has ${texts.length}`
            : `the passages of ${folder.zpkg} make ${texts.length} windows`;
        throw otherContainer(path, `has ${container.chunkCount} chunks, ${expected}`);
      }
      if (window !== undefined) await checkWindows(container, texts);
    }
    return opened;
  } catch (error) {
    await closeVariants(opened);
    throw error;
  }
}

export async function closeVariants(variants: readonly VariantContainer[]): Promise<void> {
  await Promise.all(variants.map(({ container }) => container.close()));
}

/** What a variant's chunks are made of, and where the passages lie in them. */
function textsOf(
  { window, windowOrder = 'corpus' }: PackVariant,
  passages: CorpusPassages,
): { readonly texts: readonly string[]; readonly places: readonly TextPlace[] } {
  if (window === undefined) return { texts: passages.chunks, places: passages.places };
  if (windowOrder === 'corpus') return joinWindows(passages.texts, window);
  const order = naturalOrder(passages.places.map(({ frame }) => passages.documents[frame]!));
  const joined = joinWindows(
    Array.from(order, (passage) => passages.texts[passage]!),
    window,
  );
  const places: TextPlace[] = [];
  order.forEach((passage, place) => {
    places[passage] = joined.places[place]!;
  });
  return { texts: joined.texts, places };
}

/** Whether each frame declares the size of its window: windows of another size or order would be read at wrong places. */
async function checkWindows(container: ZpkgReader, windows: readonly string[]): Promise<void> {
  for (const [chunk, window] of windows.entries()) {
    const [found, expected] = [contentSize(await container.compressedChunk(chunk)), Buffer.byteLength(window)];
    if (found !== expected)
      throw otherContainer(container.path, `has ${found} bytes in chunk ${chunk}, its window has ${expected}`);
  }
}

function otherContainer(path: string, problem: string): CemError {
  return new CemError('RUN_VARIANT_DIFFERS', `${path} ${problem}: remove ${path}, and the run packs it again`, {
    details: { path },
  });
}
