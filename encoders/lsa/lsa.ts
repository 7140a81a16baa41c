import { createHash } from 'node:crypto';
import { CemError, type OnProgress } from '../../base/index.ts';
import type { EncoderDescription, TextEmbedder, Vectors } from '../encoder.ts';
import type { LsaConfig } from '../teacher-config.ts';
import { hasLsa, readLsa, writeLsa } from './lsa-files.ts';
import type { LsaParts } from './lsa-parts.ts';
import { randomizedSvd } from './randomized-svd.ts';
import { TfIdf, type WeightedTerms } from './tf-idf.ts';

/** Texts folded in between two looks at the event loop and two progress reports. */
const TEXTS_A_TURN = 2000;

/**
 * Latent semantic analysis (Deerwester et al. 1990): TF-IDF rows times the leading right singular vectors of the training texts' matrix, L2-normalised.
 * Queries and documents are folded in alike. A text without any known term has the zero vector, so that it scores 0 against everything.
 */
export class LsaEmbedder implements TextEmbedder {
  readonly description: EncoderDescription;
  readonly parts: LsaParts;

  constructor(parts: LsaParts) {
    this.parts = parts;
    const { kind, ...settings } = parts.config;
    this.description = {
      id: kind,
      revision: contentHash(parts),
      dimension: parts.dimension,
      settings: { ...settings, terms: parts.tfIdf.terms.length, fittedOn: parts.fittedOn },
    };
  }

  /**
   * Fits on the training texts. The same texts, config and seed give the same bytes. Has fewer dimensions than the config wants when the texts' matrix has a lower rank.
   * Throws CemError `LSA_NO_TERMS` when no term passes the limits.
   */
  static async fit(
    texts: Iterable<string> | AsyncIterable<string>,
    config: LsaConfig,
    onProgress?: OnProgress,
  ): Promise<LsaEmbedder> {
    const { model: tfIdf, matrix } = await TfIdf.fit(texts, config);
    const svd = randomizedSvd(matrix, { ...config, rank: config.dimension, ...(onProgress && { onProgress }) });
    if (svd.rank === 0) {
      throw new CemError(
        'LSA_NO_TERMS',
        `LSA cannot be fitted: none of the words of ${matrix.rows} texts is in at least ${config.minimumDocumentFrequency} of them and in at most ${config.maximumDocumentShare * 100}%. Give more texts, or widen minimumDocumentFrequency and maximumDocumentShare.`,
        { details: { texts: matrix.rows } },
      );
    }
    return new LsaEmbedder({
      config,
      fittedOn: matrix.rows,
      tfIdf,
      dimension: svd.rank,
      singularValues: Float32Array.from(svd.values),
      components: Float32Array.from(svd.vectors),
    });
  }

  /** Whether a fitted one was written whole into the folder. */
  static isFitted(folder: string): boolean {
    return hasLsa(folder);
  }

  /** Reads what `save` wrote. Throws CemError `LSA_NOT_FITTED` where there is none, FormatError `LSA_DAMAGED` when a file is not what it was. */
  static async load(folder: string): Promise<LsaEmbedder> {
    return new LsaEmbedder(await readLsa(folder));
  }

  /** Writes `lsa.json` and its binary file (see `lsa-files.ts`); what was there before stays readable until the last moment. */
  save(folder: string): Promise<void> {
    return writeLsa(folder, this.parts);
  }

  embedDocuments(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#embed(texts, onProgress);
  }

  embedQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#embed(texts, onProgress);
  }

  async dispose(): Promise<void> {}

  async #embed(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    const { dimension } = this.parts;
    const data = new Float32Array(texts.length * dimension);
    const sum = new Float64Array(dimension);
    for (let i = 0; i < texts.length; i++) {
      this.#foldIn(this.parts.tfIdf.transform(texts[i]!), sum);
      writeNormalized(sum, data, i * dimension);
      if ((i + 1) % TEXTS_A_TURN === 0) {
        onProgress?.(i + 1, texts.length);
        await new Promise(setImmediate);
      }
    }
    onProgress?.(texts.length, texts.length);
    return { rows: texts.length, dimension, data };
  }

  /** sum = weighted terms times components. */
  #foldIn({ indices, values }: WeightedTerms, sum: Float64Array): void {
    const { components, dimension } = this.parts;
    sum.fill(0);
    for (let i = 0; i < indices.length; i++) {
      const weight = values[i]!;
      let position = indices[i]! * dimension;
      for (let j = 0; j < dimension; j++) sum[j] = sum[j]! + weight * components[position++]!;
    }
  }
}

function writeNormalized(vector: Float64Array, output: Float32Array, offset: number): void {
  let square = 0;
  for (let j = 0; j < vector.length; j++) square += vector[j]! * vector[j]!;
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  for (let j = 0; j < vector.length; j++) output[offset + j] = vector[j]! * scale;
}

/** sha-256 over everything that decides a vector, 16 hexadecimal digits of it. */
function contentHash({ config, tfIdf, components }: LsaParts): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([config, tfIdf.terms]));
  hash.update(bytesOf(tfIdf.inverseFrequencies));
  hash.update(bytesOf(components));
  return hash.digest('hex').slice(0, 16);
}

function bytesOf(array: Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
