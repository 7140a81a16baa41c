import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CemError } from '../../base/index.ts';
import { packTexts } from '../../data/index.ts';
import type { ModelConfig } from '../../model/index.ts';
import { ZpkgReader } from '../../zpkg/index.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { PackSettings } from './config.ts';

/** A variant's container, whose chunks have the texts of `corpus.zpkg`'s. */
export interface VariantContainer {
  readonly container: ZpkgReader;
  readonly level: number;
  readonly weight: number;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/**
 * The containers of the configuration's `pack.variants`, packed into the run's folder where they are not there. A model of texts reads none of them, so there are none for it. The caller
 * closes what it gets.
 *
 * @param passages each chunk's text
 * @throws CemError `RUN_VARIANT_DIFFERS` when one that is there has other chunks, and what packing and opening throw
 */
export async function openVariants(
  folder: RunFolder,
  passages: readonly string[],
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
      const { level = pack.level, dictionarySize = pack.dictionarySize, dictionarySample, weight = 1 } = variants[index]!;
      if (!existsSync(path)) {
        const stage = listener.stage(`pack variant ${1 + index}`);
        const packed = await packTexts(passages, path, {
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
      opened.push({ container, level, weight });
      if (container.chunkCount !== passages.length) {
        throw new CemError(
          'RUN_VARIANT_DIFFERS',
          `${path} has ${container.chunkCount} chunks, ${folder.zpkg} has ${passages.length}: remove ${path}, and the run packs it again`,
          { details: { path } },
        );
      }
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
