import { basename, dirname } from 'node:path';
import { CemError, type OnProgress } from '../../base/index.ts';
import {
  createTeacher,
  type DescribedPicture,
  decodePicture,
  type EncoderDescription,
  fuseVectors,
  type ImageEncoder,
  type TextEmbedder,
  type Vectors,
} from '../../encoders/index.ts';
import type { ImageTowerModel } from '../../model/image-tower/index.ts';
import { loadImageTowerModel } from '../store/image-tower-checkpoint.ts';

/** Pictures in one batch, at most. */
const BATCH_SIZE = 16;

export interface LoadImageTowerOptions {
  /** Folder in which the teacher is looked up before the hub. */
  readonly models?: string | undefined;
  /** The picture's share in the vector of a picture and its text; half unless given. */
  readonly imageWeight?: number | undefined;
}

/**
 * An image tower that was trained with this package, with its teacher for texts: pictures lie in the space that the teacher puts texts, and a student of that teacher compressed chunks, into. A backend must
 * have been chosen.
 *
 * @param path as `loadImageTowerModel` takes it
 * @throws as `loadImageTowerModel` and `createTeacher`; CemError `CHECKPOINT_TEACHER` for a teacher that is not the one it was trained to
 */
export async function loadImageTower(path: string, options: LoadImageTowerOptions = {}): Promise<ImageEncoder> {
  const { model, state, path: folder } = await loadImageTowerModel(path);
  try {
    const { config, id, revision } = state.teacher;
    const teacher = await createTeacher(config, options.models === undefined ? {} : { models: options.models });
    const here = teacher.description;
    if (here.id !== id || here.revision !== revision || here.dimension !== state.dimension) {
      await teacher.dispose();
      throw new CemError(
        'CHECKPOINT_TEACHER',
        `${folder} was trained to ${id} (${revision}), and ${here.id} (${here.revision}) is another teacher: name a folder with the same files with --models`,
        { details: { folder, id, revision } },
      );
    }
    return new ImageTowerEncoder(model, teacher, options.imageWeight ?? 0.5, {
      id: `images:cem:${basename(dirname(dirname(folder)))}`,
      revision: state.contentHash.slice(0, 16),
      dimension: state.dimension,
      settings: { teacher: id, step: state.step, imageWeight: options.imageWeight ?? 0.5 },
    });
  } catch (error) {
    model.dispose();
    throw error;
  }
}

class ImageTowerEncoder implements ImageEncoder {
  readonly description: EncoderDescription;
  readonly #model: ImageTowerModel;
  readonly #teacher: TextEmbedder;
  readonly #imageWeight: number;

  constructor(model: ImageTowerModel, teacher: TextEmbedder, imageWeight: number, description: EncoderDescription) {
    this.#model = model;
    this.#teacher = teacher;
    this.#imageWeight = imageWeight;
    this.description = description;
  }

  async encodeImages(images: readonly Uint8Array[], onProgress?: OnProgress): Promise<Vectors> {
    const { dimension } = this.description;
    const { size } = this.#model.config.shape;
    const numbers = 3 * size * size;
    const data = new Float32Array(images.length * dimension);
    for (let first = 0; first < images.length; first += BATCH_SIZE) {
      const some = images.slice(first, first + BATCH_SIZE);
      const pictures = new Uint8Array(some.length * numbers);
      for (const [place, image] of some.entries())
        pictures.set((await decodePicture(image, { size: [size, size] })).data, place * numbers);
      data.set(await this.#model.encode(pictures, some.length), first * dimension);
      onProgress?.(first + some.length, images.length);
    }
    return { rows: images.length, dimension, data };
  }

  encodeTexts(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#teacher.embedQueries(texts, onProgress);
  }

  async encodeFused(pictures: readonly DescribedPicture[], onProgress?: OnProgress): Promise<Vectors> {
    const images = await this.encodeImages(
      pictures.map(({ image }) => image),
      onProgress,
    );
    const texts = await this.#teacher.embedDocuments(pictures.map(({ text }) => text));
    return fuseVectors(images, texts, this.#imageWeight);
  }

  async dispose(): Promise<void> {
    this.#model.dispose();
    await this.#teacher.dispose();
  }
}
