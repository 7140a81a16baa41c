import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../../base/index.ts';
import { type ImageEncoder, openImageEncoder } from '../../encoders/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { modelsFolder } from '../shared/models-folder.ts';

export interface OpenImagesOptions extends LongCall, OnBackend {
  /** Folder in which models are looked up before the hub. */
  readonly models?: string | undefined;
}

/** How an image encoder is named. */
export const IMAGE_ENCODER_GRAMMAR =
  'a model that transformers.js runs (CLIP, SigLIP, Chinese-CLIP, jina-clip: a folder, a name below the folder of models, or a hub id), the run or checkpoint of an image tower, or jina:MODEL:DIMENSION or dashscope:MODEL:DIMENSION, with @URL behind it where it is not at its own address';

const ENDPOINT = /^(jina|dashscope):([^:@]+):(\d+)(?:@(.+))?$/;

/** A name that means the same from any folder: paths become absolute. */
export function settledImageEncoder(choice: string): string {
  return !ENDPOINT.test(choice) && existsSync(choice) ? resolve(choice) : choice;
}

/**
 * Opens an image encoder by its name.
 *
 * @throws UsageError `IMAGE_ENCODER_CHOICE`; as `openImageEncoder` and `loadImageTower`
 */
export async function openImages(choice: string, options: OpenImagesOptions = {}): Promise<ImageEncoder> {
  const models = modelsFolder(options.models);
  const [, shape, model, dimension, url] = ENDPOINT.exec(choice) ?? [];
  if (shape === 'jina' || shape === 'dashscope') {
    const fusion = shape === 'dashscope' ? 'model' : 'sum';
    return openImageEncoder({
      kind: 'endpoint',
      shape,
      model: model!,
      dimension: Number(dimension),
      fusion,
      ...(url && { url }),
    });
  }
  if (choice.trim() === '') throw new UsageError('IMAGE_ENCODER_CHOICE', `an image encoder is ${IMAGE_ENCODER_GRAMMAR}`);
  if (existsSync(join(choice, 'state.json')) || existsSync(join(choice, 'checkpoints'))) {
    await useBackend(options, listenerOf(options));
    // Tensors are loaded only by those who need them.
    const { loadImageTower } = await import('../../checkpoints/index.ts');
    return loadImageTower(choice, { models });
  }
  return openImageEncoder({ kind: 'transformers', model: choice }, models);
}
