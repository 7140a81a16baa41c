import { z } from 'zod';
import { CemError, checkedUrl, type OnProgress, postJson } from '../../base/index.ts';
import type { EncoderDescription, Vectors } from '../encoder.ts';
import { decodePicture } from './decode-picture.ts';
import { embedInBatches } from './embed-in-batches.ts';
import { fuseVectors } from './fuse-vectors.ts';
import type { DescribedPicture, ImageEncoder } from './image-encoder.ts';
import type { EndpointImageConfig } from './image-encoder-config.ts';
import { pictureMediaType } from './picture-media-type.ts';

/** Where the key of an endpoint that embeds pictures is taken from. */
export const IMAGE_KEY_VARIABLE = 'CEM_IMAGE_API_KEY';

/** What an endpoint is sent: a text, a picture as a `data:` address, or both in one. */
interface Content {
  readonly text?: string;
  readonly image?: string;
}

interface Shape {
  readonly url: string;
  body(contents: readonly Content[], config: EndpointImageConfig, fuse: boolean): unknown;
  /** Vectors in the order of the contents. */
  readonly answer: z.ZodType<readonly { readonly index: number; readonly embedding: readonly number[] }[]>;
  readonly expected: string;
}

const vector = z.array(z.number());
const indexed = z.looseObject({ index: z.int().nonnegative(), embedding: vector });

/** Sources: the API references "Multimodal embedding" of Alibaba Cloud Model Studio, and "Embeddings" of Jina (jina-clip-v2). */
const SHAPES: Readonly<Record<EndpointImageConfig['shape'], Shape>> = {
  dashscope: {
    url: 'https://dashscope.aliyuncs.com/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding',
    body: (contents, { model, dimension }, fuse) => ({
      model,
      input: { contents },
      parameters: { dimension, ...(fuse && { enable_fusion: true }) },
    }),
    answer: z
      .looseObject({ output: z.looseObject({ embeddings: z.array(indexed) }) })
      .transform(({ output }) => output.embeddings.map(({ index, embedding }) => ({ index, embedding }))),
    expected: '{ output: { embeddings: [{ index, embedding }] } }',
  },
  jina: {
    url: 'https://api.jina.ai/v1/embeddings',
    body: (contents, { model, dimension }) => ({
      model,
      dimensions: dimension,
      normalized: true,
      embedding_type: 'float',
      input: contents,
    }),
    answer: z
      .looseObject({ data: z.array(indexed) })
      .transform(({ data }) => data.map(({ index, embedding }) => ({ index, embedding }))),
    expected: '{ data: [{ index, embedding }] }',
  },
};

export interface EndpointImageOptions {
  /** The environment's CEM_IMAGE_API_KEY unless given. */
  readonly key?: string | undefined;
  /** Attempts after the first. */
  readonly retries?: number | undefined;
  /** Milliseconds before the second attempt. */
  readonly backoff?: number | undefined;
}

/** An image encoder behind an HTTP endpoint. Pictures are sent as they are, without any that declares too many pixels or cannot be decoded. */
export class EndpointImageEncoder implements ImageEncoder {
  readonly description: EncoderDescription;
  readonly #config: EndpointImageConfig;
  readonly #options: EndpointImageOptions;
  readonly #url: URL;

  /** @throws UsageError `IMAGE_ENCODER_CHOICE` for what is no address, or a fusion that the endpoint has not */
  constructor(config: EndpointImageConfig, options: EndpointImageOptions = {}) {
    this.#config = config;
    this.#options = options;
    this.#url = checkedUrl(config.url ?? SHAPES[config.shape].url, 'IMAGE_ENCODER_CHOICE');
    const { dimension, fusion, imageWeight } = config;
    this.description = {
      id: `images:${config.shape}:${config.model}`,
      revision: this.#url.host,
      dimension,
      settings: { fusion, ...(fusion === 'sum' && { imageWeight }) },
    };
  }

  encodeTexts(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return embedInBatches(texts, this.#batches(onProgress), (some) => this.#ask(some.map((text) => ({ text }))));
  }

  encodeImages(images: readonly Uint8Array[], onProgress?: OnProgress): Promise<Vectors> {
    return embedInBatches(images, this.#batches(onProgress), async (some) =>
      this.#ask(await Promise.all(some.map(async (image) => ({ image: await this.#dataUrl(image) })))),
    );
  }

  async encodeFused(pictures: readonly DescribedPicture[], onProgress?: OnProgress): Promise<Vectors> {
    if (this.#config.fusion === 'sum') {
      const images = await this.encodeImages(
        pictures.map(({ image }) => image),
        onProgress,
      );
      return fuseVectors(images, await this.encodeTexts(pictures.map(({ text }) => text)), this.#config.imageWeight);
    }
    // All contents of such a request become one vector, so that each picture is one by itself.
    return embedInBatches(pictures, { ...this.#batches(onProgress), batchSize: 1 }, async ([picture]) =>
      this.#ask([{ text: picture!.text, image: await this.#dataUrl(picture!.image) }], true),
    );
  }

  async dispose(): Promise<void> {}

  #batches(onProgress: OnProgress | undefined) {
    return { dimension: this.description.dimension, batchSize: this.#config.batchSize, onProgress };
  }

  async #dataUrl(image: Uint8Array): Promise<string> {
    // What cannot be decoded here is not sent on.
    await decodePicture(image, { maximumPixels: this.#config.maximumPixels });
    return `data:${pictureMediaType(image)};base64,${Buffer.from(image).toString('base64')}`;
  }

  async #ask(contents: readonly Content[], fuse = false): Promise<Float32Array> {
    const shape = SHAPES[this.#config.shape];
    const { dimension } = this.description;
    const json = await postJson({
      url: this.#url.href,
      body: shape.body(contents, this.#config, fuse),
      key: this.#options.key ?? process.env[IMAGE_KEY_VARIABLE],
      what: 'the image encoder',
      code: 'IMAGE_ENCODER_ENDPOINT',
      keyVariable: IMAGE_KEY_VARIABLE,
      retries: this.#options.retries,
      backoff: this.#options.backoff,
    });
    const parsed = shape.answer.safeParse(json);
    if (!parsed.success) throw this.#malformed(z.prettifyError(parsed.error).replaceAll('\n', ' '));
    const rows = parsed.data;
    const wanted = fuse ? 1 : contents.length;
    if (rows.length !== wanted || new Set(rows.map(({ index }) => index)).size !== wanted)
      throw this.#malformed(`${rows.length} vectors for ${wanted} contents`);
    const data = new Float32Array(wanted * dimension);
    for (const { index, embedding } of rows) {
      if (index >= wanted || embedding.length !== dimension)
        throw this.#malformed(`vector ${index} has ${embedding.length} numbers, of ${wanted} vectors of ${dimension}`);
      data.set(embedding, index * dimension);
    }
    return data;
  }

  #malformed(reason: string): CemError {
    return new CemError(
      'IMAGE_ENCODER_ENDPOINT',
      `the answer of ${this.description.id} is not ${SHAPES[this.#config.shape].expected}: ${reason}`,
      { details: { encoder: this.description.id } },
    );
  }
}
