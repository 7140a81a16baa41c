import { Tensor } from '@huggingface/transformers';
import { CemError, fromHalf, type OnProgress, UsageError } from '../../base/index.ts';
import type { EncoderDescription, TextEmbedder, Vectors } from '../encoder.ts';
import type { TokenEncoder, TokenVectors } from '../groups/token-encoder.ts';
import type { TransformersConfig } from '../teacher-config.ts';
import { batchesByLength } from '../token-batches.ts';
import type { ModelSettings } from './model-settings.ts';
import { resolveModelSettings } from './resolve-settings.ts';
import { findSpecialTokens, type SpecialTokens } from './special-tokens.ts';
import { TokenReader } from './token-reader.ts';
import { findTransformersModel } from './transformers-folders.ts';
import { type LoadedModel, loadTransformersModel } from './transformers-model.ts';
import { modelName } from './transformers-presets.ts';

/**
 * Models whose activations are quantised while they run, to a scale that is taken over a whole batch: a text's vector would depend on the texts beside it. They read one text at a time.
 */
const QUANTISED_ACTIVATIONS: ReadonlySet<string> = new Set(['q8', 'int8', 'uint8']);

/**
 * Any feature-extraction model through transformers.js: own cutting, batching and pooling, since the library's pipeline cuts the closing special
 * token off long texts and pools the last position of a padded batch whatever the mask says.
 */
export class TransformersEmbedder implements TextEmbedder, TokenEncoder {
  readonly description: EncoderDescription;
  readonly #loaded: LoadedModel;
  readonly #settings: ModelSettings;
  readonly #batchSize: number;
  readonly #frame: SpecialTokens;
  readonly #hiddenSize: number;
  #reader: TokenReader | undefined;

  private constructor(loaded: LoadedModel, config: TransformersConfig, settings: ModelSettings) {
    this.#loaded = loaded;
    this.#settings = settings;
    this.#batchSize = QUANTISED_ACTIVATIONS.has(config.dtype) ? 1 : config.batchSize;
    this.#frame = findSpecialTokens(loaded.tokenizer);
    this.#hiddenSize = hiddenSizeOf(loaded, config.model);
    const dimension = config.dimension ?? this.#hiddenSize;
    if (dimension > this.#hiddenSize) {
      throw new UsageError(
        'TEACHER_DIMENSION',
        `teacher.dimension is ${dimension}, but the vectors of ${config.model} have ${this.#hiddenSize} dimensions. Ask for at most that many.`,
        { details: { dimension, hiddenSize: this.#hiddenSize } },
      );
    }
    const reserved = this.#frame.before.length + this.#frame.after.length;
    if (this.#settings.maximumTokens <= reserved) {
      throw new UsageError(
        'TEACHER_MAXIMUM_TOKENS',
        `teacher.maximumTokens is ${this.#settings.maximumTokens}, and ${config.model} adds ${reserved} special tokens to every text. Give more than that.`,
        { details: { maximumTokens: this.#settings.maximumTokens, reserved } },
      );
    }
    this.description = {
      id: `transformers:${modelName(config.model)}`,
      revision: loaded.revision,
      dimension,
      settings: { ...this.#settings, dtype: config.dtype },
    };
  }

  /** @param options.models folder in which the model is looked up before the hub. Errors: see `loadTransformersModel` and `resolveModelSettings`. */
  static async create(config: TransformersConfig, options: { models?: string } = {}): Promise<TransformersEmbedder> {
    const settings = await resolveModelSettings(config, findTransformersModel(config, options.models).local);
    return new TransformersEmbedder(await loadTransformersModel(config, options.models), config, settings);
  }

  embedDocuments(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#embed(texts, this.#settings.documentPrompt, onProgress);
  }

  embedQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#embed(texts, this.#settings.queryPrompt, onProgress);
  }

  get tokenDimension(): number {
    return this.#hiddenSize;
  }

  encodeDocumentTokens(texts: readonly string[], onProgress?: OnProgress): Promise<TokenVectors[]> {
    return this.#embedTokens(texts, this.#settings.documentPrompt, onProgress);
  }

  encodeQueryTokens(texts: readonly string[], onProgress?: OnProgress): Promise<TokenVectors[]> {
    return this.#embedTokens(texts, this.#settings.queryPrompt, onProgress);
  }

  async dispose(): Promise<void> {
    await this.#loaded.model.dispose();
  }

  async #embed(texts: readonly string[], prompt: string, onProgress?: OnProgress): Promise<Vectors> {
    const { dimension } = this.description;
    const data = new Float32Array(texts.length * dimension);
    const sequences = texts.map((text) => this.#tokenize(prompt + text));
    await this.#inBatches(sequences, onProgress, (batch, states) => {
      const vectors = pool(states, this.#hiddenSize, this.#settings.pooling);
      batch.forEach((index, row) => {
        data.set(normalizedHead(vectors, row * this.#hiddenSize, dimension), index * dimension);
      });
    });
    return { rows: texts.length, dimension, data };
  }

  async #embedTokens(texts: readonly string[], prompt: string, onProgress?: OnProgress): Promise<TokenVectors[]> {
    this.#reader ??= new TokenReader(this.#loaded.tokenizer);
    const reader = this.#reader;
    const sequences = texts.map((text) => this.#tokenize(prompt + text));
    const read = new Array<TokenVectors>(texts.length);
    const size = this.#hiddenSize;
    await this.#inBatches(sequences, onProgress, (batch, states) => {
      const pooled = pool(states, size, this.#settings.pooling);
      batch.forEach((index, row) => {
        const start = states.starts[row]! * size;
        read[index] = {
          tokens: reader.read(sequences[index]!, prompt, this.#frame),
          dimension: size,
          vectors: states.data.slice(start, start + states.lengths[row]! * size), // [tokens, hidden]
          sentence: normalizedHead(pooled, row * size, this.description.dimension),
        };
      });
    });
    return read;
  }

  /** The model's states, batch by batch; `take` gets the places of the batch's sequences, and the states of these. */
  async #inBatches(
    sequences: readonly (readonly number[])[],
    onProgress: OnProgress | undefined,
    take: (batch: readonly number[], states: States) => void,
  ): Promise<void> {
    let done = 0;
    for (const batch of batchesByLength(
      sequences.map((ids) => ids.length),
      this.#batchSize,
    )) {
      take(batch, await this.#forward(batch.map((index) => sequences[index]!)));
      done += batch.length;
      onProgress?.(done, sequences.length);
    }
  }

  /** Token ids of a text, cut before the special tokens are added. */
  #tokenize(text: string): number[] {
    const { before, after } = this.#frame;
    const ids = this.#loaded.tokenizer.encode(text, { add_special_tokens: false });
    return [...before, ...ids.slice(0, this.#settings.maximumTokens - before.length - after.length), ...after];
  }

  async #forward(sequences: readonly (readonly number[])[]): Promise<States> {
    const { model, tokenizer } = this.#loaded;
    const length = Math.max(1, ...sequences.map((ids) => ids.length));
    const ids = new BigInt64Array(sequences.length * length).fill(BigInt(tokenizer.pad_token_id ?? 0));
    const mask = new BigInt64Array(ids.length);
    const starts = sequences.map(
      (sequence, row) => row * length + (this.#settings.padding === 'left' ? length - sequence.length : 0),
    );
    sequences.forEach((sequence, row) => {
      sequence.forEach((id, position) => {
        ids[starts[row]! + position] = BigInt(id);
      });
      mask.fill(1n, starts[row]!, starts[row]! + sequence.length);
    });
    const dims = [sequences.length, length];
    const output: unknown = await model({
      input_ids: new Tensor('int64', ids, dims),
      attention_mask: new Tensor('int64', mask, dims),
    });
    const data = tokenStates(output, this.description.id);
    return { data, starts, lengths: sequences.map((sequence) => sequence.length) };
  }
}

/** What a model gives for a batch. */
interface States {
  /** [batch, length, hidden] */
  readonly data: Float32Array;
  /** [batch] where a sequence begins, counted in positions of all. */
  readonly starts: readonly number[];
  /** [batch] */
  readonly lengths: readonly number[];
}

function hiddenSizeOf({ model }: LoadedModel, name: string): number {
  const config: object = model.config;
  const size = 'hidden_size' in config ? config.hidden_size : undefined;
  if (typeof size === 'number' && size > 0) return size;
  throw new CemError(
    'TEACHER_UNAVAILABLE',
    `config.json of ${name} states no hidden_size: it is not a text encoder that can teach. Choose another model.`,
    {
      details: { model: name },
    },
  );
}

/** [batch, length, hidden] as float32, whatever the export calls and types it. */
function tokenStates(output: unknown, id: string): Float32Array {
  for (const name of ['last_hidden_state', 'token_embeddings']) {
    const tensor: unknown = Reflect.get(Object(output), name);
    if (!(tensor instanceof Tensor) || tensor.dims.length !== 3) continue;
    const data: unknown = tensor.data;
    if (data instanceof Float32Array) return data;
    // Where JavaScript has no Float16Array, onnxruntime gives the bits; the library's own conversion would take them for numbers.
    if (data instanceof Uint16Array) return Float32Array.from(data, fromHalf);
  }
  throw new CemError(
    'TEACHER_UNAVAILABLE',
    `${id} gives no last_hidden_state of float32 or float16: it was not exported for feature extraction. Choose another export of the model.`,
    { details: { model: id } },
  );
}

/** [batch, hidden]: one vector a sequence, from the positions that it occupies; not yet normalised. */
function pool({ data, starts, lengths }: States, hiddenSize: number, pooling: ModelSettings['pooling']): Float32Array {
  const pooled = new Float32Array(starts.length * hiddenSize);
  starts.forEach((start, row) => {
    const length = lengths[row]!;
    const first = pooling === 'last' ? start + length - 1 : start;
    const last = pooling === 'cls' ? start : start + length - 1;
    for (let position = first; position <= last; position++) {
      for (let j = 0; j < hiddenSize; j++)
        pooled[row * hiddenSize + j] = pooled[row * hiddenSize + j]! + data[position * hiddenSize + j]!;
    }
  });
  return pooled;
}

/** The leading dimensions of a vector, at length 1 (a mean need not be divided by its count for that). */
function normalizedHead(vectors: Float32Array, offset: number, dimension: number): Float32Array {
  const head = vectors.slice(offset, offset + dimension);
  let square = 0;
  for (const value of head) square += value * value;
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  return head.map((value) => value * scale);
}
