import { type PreTrainedModel, RawImage, Tensor } from '@huggingface/transformers';
import { CemError, fromHalf, type OnProgress } from '../../base/index.ts';
import type { EncoderDescription, Vectors } from '../encoder.ts';
import { maximumTokensOf } from '../transformers/sentence-transformers-files.ts';
import { findSpecialTokens, type SpecialTokens } from '../transformers/special-tokens.ts';
import { findTransformersModel } from '../transformers/transformers-folders.ts';
import { modelName } from '../transformers/transformers-presets.ts';
import { type LoadedTowers, loadTransformersTowers } from '../transformers/transformers-towers.ts';
import { decodePicture } from './decode-picture.ts';
import { embedInBatches } from './embed-in-batches.ts';
import { fuseVectors } from './fuse-vectors.ts';
import type { DescribedPicture, ImageEncoder } from './image-encoder.ts';
import type { TransformersImageConfig } from './image-encoder-config.ts';

/** Longest text in tokens where neither the choice nor the model's files say it: CLIP's 77, SigLIP's 64, Chinese-CLIP's 52. */
const USUAL_MAXIMUM: Readonly<Record<string, number>> = { clip: 77, siglip: 64, chinese_clip: 52, jina_clip: 512 };

/** Outputs that hold the vector of a text or a picture, the first that is there: CLIP's and Chinese-CLIP's, jina-clip's, SigLIP's. */
const OUTPUTS = {
  text: ['text_embeds', 'l2norm_text_embeddings', 'text_embeddings', 'pooler_output'],
  image: ['image_embeds', 'l2norm_image_embeddings', 'image_embeddings', 'pooler_output'],
} as const;

/** CLIP and its kin through transformers.js: a tower of texts and one of pictures. */
export class TransformersImageEncoder implements ImageEncoder {
  readonly description: EncoderDescription;
  readonly #towers: LoadedTowers;
  readonly #config: TransformersImageConfig;
  readonly #maximumTokens: number;
  readonly #frame: SpecialTokens;

  private constructor(towers: LoadedTowers, config: TransformersImageConfig, maximumTokens: number, dimension: number) {
    this.#towers = towers;
    this.#config = config;
    this.#maximumTokens = maximumTokens;
    this.#frame = findSpecialTokens(towers.tokenizer);
    const { dtype, imageWeight } = config;
    this.description = {
      id: `images:${modelName(config.model)}`,
      revision: towers.revision,
      dimension,
      settings: { type: towers.type, maximumTokens, dtype, imageWeight },
    };
  }

  /**
   * @param models folder in which the model is looked up before the hub
   * @throws CemError `IMAGE_ENCODER_NOT_FOUND`, `IMAGE_ENCODER_UNAVAILABLE`
   */
  static async create(config: TransformersImageConfig, models?: string): Promise<TransformersImageEncoder> {
    const { local } = findTransformersModel({ ...config, part: 'towers' }, models);
    const known = config.maximumTokens ?? (local === undefined ? undefined : await maximumTokensOf(local));
    const towers = await loadTransformersTowers(config, models);
    try {
      const maximumTokens = known ?? USUAL_MAXIMUM[towers.type] ?? 77;
      // The length of its vectors stands in different places of different models' settings; a vector tells it.
      const probe = new TransformersImageEncoder(towers, config, maximumTokens, 0);
      return new TransformersImageEncoder(towers, config, maximumTokens, (await probe.#texts(['a'])).length);
    } catch (error) {
      await disposeOf(towers);
      throw error;
    }
  }

  encodeTexts(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return embedInBatches(texts, this.#batches(onProgress), (some) => this.#texts(some));
  }

  encodeImages(images: readonly Uint8Array[], onProgress?: OnProgress): Promise<Vectors> {
    return embedInBatches(images, this.#batches(onProgress), async (some) => {
      const { maximumPixels } = this.#config;
      const pictures: RawImage[] = [];
      for (const image of some) {
        const { width, height, data } = await decodePicture(image, { maximumPixels });
        pictures.push(new RawImage(data, width, height, 3));
      }
      const { pixel_values: pixels } = (await this.#towers.processor(pictures)) as { pixel_values: Tensor };
      return this.#pixels(pixels);
    });
  }

  /**
   * Vectors of pictures that are prepared already: what the vision model itself gives, at length 1.
   *
   * @param pixels [batch, 3, height, width] as the model's preprocessing makes them
   */
  async encodePixels(pixels: Float32Array, dims: readonly [number, number, number, number]): Promise<Vectors> {
    const tensor = new Tensor('float32', pixels, [...dims]);
    return embedInBatches([tensor], { dimension: this.description.dimension * dims[0], batchSize: 1 }, ([one]) =>
      this.#pixels(one!),
    ).then(({ data }) => ({ rows: dims[0], dimension: this.description.dimension, data }));
  }

  async encodeFused(pictures: readonly DescribedPicture[], onProgress?: OnProgress): Promise<Vectors> {
    const images = await this.encodeImages(
      pictures.map(({ image }) => image),
      onProgress,
    );
    return fuseVectors(images, await this.encodeTexts(pictures.map(({ text }) => text)), this.#config.imageWeight);
  }

  dispose(): Promise<void> {
    return disposeOf(this.#towers);
  }

  #batches(onProgress: OnProgress | undefined) {
    return { dimension: this.description.dimension, batchSize: this.#config.batchSize, onProgress };
  }

  /** [texts * dimension], not yet normalised. */
  async #texts(texts: readonly string[]): Promise<Float32Array> {
    const { text, tokenizer, joint, type } = this.#towers;
    const { before, after } = this.#frame;
    const room = this.#maximumTokens - before.length - after.length;
    const sequences = texts.map((one) => {
      const ids = tokenizer.encode(one, { add_special_tokens: false }).slice(0, room);
      return [...before, ...ids, ...after];
    });
    // SigLIP was trained with its whole length, padding read as the rest.
    const length = type === 'siglip' ? this.#maximumTokens : Math.max(...sequences.map((ids) => ids.length));
    const ids = new BigInt64Array(texts.length * length).fill(BigInt(tokenizer.pad_token_id ?? 0));
    const mask = new BigInt64Array(ids.length);
    sequences.forEach((sequence, row) => {
      sequence.forEach((id, place) => {
        ids[row * length + place] = BigInt(id);
      });
      mask.fill(1n, row * length, row * length + sequence.length);
    });
    const dims = [texts.length, length];
    const inputs = {
      input_ids: new Tensor('int64', ids, dims),
      attention_mask: new Tensor('int64', mask, dims),
      ...(joint && type === 'chinese_clip' && { pixel_values: await this.#blank() }),
    };
    return this.#run(text, inputs, OUTPUTS.text, texts.length);
  }

  /** [pictures * dimension], not yet normalised. */
  async #pixels(pixels: Tensor): Promise<Float32Array> {
    const { vision, joint, type, tokenizer } = this.#towers;
    const ids = joint && type === 'chinese_clip' ? tokenizer.encode('a').map(BigInt) : undefined;
    const inputs = {
      pixel_values: pixels,
      ...(ids && {
        input_ids: new Tensor('int64', BigInt64Array.from(ids), [1, ids.length]),
        attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), [1, ids.length]),
      }),
    };
    return this.#run(vision, inputs, OUTPUTS.image, pixels.dims[0]!);
  }

  /** A white picture, for a model that wants one beside every text. */
  async #blank(): Promise<Tensor> {
    const white = new RawImage(new Uint8Array(3 * 8 * 8).fill(255), 8, 8, 3);
    const { pixel_values: pixels } = (await this.#towers.processor([white])) as { pixel_values: Tensor };
    return pixels;
  }

  async #run(
    model: PreTrainedModel,
    inputs: Readonly<Record<string, Tensor>>,
    names: readonly string[],
    rows: number,
  ): Promise<Float32Array> {
    const output: unknown = await model(inputs);
    for (const name of names) {
      const tensor: unknown = Reflect.get(Object(output), name);
      if (!(tensor instanceof Tensor) || tensor.dims.length !== 2 || tensor.dims[0] !== rows) continue;
      const data: unknown = tensor.data;
      if (data instanceof Float32Array) return data;
      // Where JavaScript has no Float16Array, onnxruntime gives the bits.
      if (data instanceof Uint16Array) return Float32Array.from(data, fromHalf);
    }
    throw new CemError(
      'IMAGE_ENCODER_UNAVAILABLE',
      `${this.#config.model} gives none of ${names.join(', ')} as one vector of float32 or float16 for each input: choose another export of the model`,
      { details: { model: this.#config.model } },
    );
  }
}

async function disposeOf({ text, vision }: LoadedTowers): Promise<void> {
  await text.dispose();
  if (vision !== text) await vision.dispose();
}
