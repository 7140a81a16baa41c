import assert from 'node:assert/strict';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { CemError, messageOf, readFully } from '../../base/index.ts';
import type { GroupEncoderConfig, VectorGroup } from '../../encoders/index.ts';
import { type InnerProducts, plainInnerProducts } from '../../search/exact/index.ts';
import type { StoredGroup } from '../../search/index.ts';
import { type GroupCodec, type GroupCodecKind, openGroupCodec, trainCodebook, writeCodebook } from '../../search/rerank/index.ts';
import type { GroupMaker } from './group-maker.ts';
import { assertSameGroupEncoder, descriptionJson, type StoredGroupSettings } from './stored-groups.ts';

/** Passages that are encoded at once. */
const ENCODED_AT_ONCE = 64;
/** Vectors that a codebook is made of; groups wait in memory until there are so many, or no more. */
const CODEBOOK_VECTORS = 16_384;
/** Two lengths before each group in the file. */
const HEADER_BYTES = 8;

export interface PassageGroupsOptions {
  readonly config: GroupEncoderConfig;
  readonly models?: string | undefined;
  readonly codec: GroupCodecKind;
  /** What the collection's groups are already. */
  readonly known?: StoredGroupSettings | undefined;
  /** What the codebook of 2-bit residuals is made with; plain loops unless given. */
  readonly innerProducts?: InnerProducts | undefined;
  readonly onProgress?: ((passages: number) => void) | undefined;
}

/** A chunk whose passages have no groups yet. */
interface WaitingChunk<Passage> {
  readonly chunk: number;
  readonly passages: readonly Passage[];
}

/** Where the groups of a chunk's passages stand in the file. */
interface Place {
  readonly start: number;
  readonly bytes: number;
}

/** Groups of the passages of new chunks, made of texts that are at hand now or of the chunks themselves, and kept in a file until the index takes them. */
export class PassageGroups<Passage> implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #maker: GroupMaker<Passage>;
  readonly #options: PassageGroupsOptions;
  readonly #places = new Map<number, Place>();
  #settings: StoredGroupSettings | undefined;
  #codec: GroupCodec | undefined;
  #waiting: WaitingChunk<Passage>[] = [];
  #waitingPassages = 0;
  #unwritten: { readonly chunk: number; readonly groups: readonly VectorGroup[] }[] = [];
  #unwrittenVectors = 0;
  #end = 0;
  #passages = 0;

  private constructor(path: string, file: FileHandle, maker: GroupMaker<Passage>, options: PassageGroupsOptions) {
    this.#path = path;
    this.#file = file;
    this.#maker = maker;
    this.#options = options;
  }

  /**
   * @param path of the file, which goes when this is disposed of
   * @throws CemError `GROUPS_OTHER_ENCODER` where the collection's groups were made by another encoder
   */
  static async create<Passage>(
    path: string,
    maker: GroupMaker<Passage>,
    options: PassageGroupsOptions,
  ): Promise<PassageGroups<Passage>> {
    const { known } = options;
    if (known !== undefined) assertSameGroupEncoder(known, maker.description);
    const groups = new PassageGroups(path, await open(path, 'w+'), maker, options);
    if (known !== undefined) groups.#use(known);
    else if (options.codec !== 'residual2') groups.#use(groups.#described());
    return groups;
  }

  /** What the groups are, once they are finished; undefined where there are none, and none were before. */
  get settings(): StoredGroupSettings | undefined {
    return this.#settings;
  }

  /** Groups that were made. */
  get passages(): number {
    return this.#passages;
  }

  /** @param passages of the chunk, in order */
  async add(chunk: number, passages: readonly Passage[]): Promise<void> {
    this.#waiting.push({ chunk, passages });
    this.#waitingPassages += passages.length;
    if (this.#waitingPassages >= ENCODED_AT_ONCE) await this.#encode();
  }

  /** Nothing is added any more. */
  async finish(): Promise<void> {
    await this.#encode();
    await this.#write(true);
  }

  /** The groups of a chunk's passages, in order; undefined for a chunk that was not added. */
  async groupsOf(chunk: number): Promise<readonly StoredGroup[] | undefined> {
    const place = this.#places.get(chunk);
    if (place === undefined) return undefined;
    const bytes = Buffer.alloc(place.bytes);
    const read = await readFully(this.#file, bytes, place.start);
    assert.equal(read, bytes.length, 'a file of vector groups was cut off');
    const groups: StoredGroup[] = [];
    for (let at = 0; at < bytes.length; ) {
      const [length, words] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
      const end = at + HEADER_BYTES + length;
      groups.push({
        bytes: bytes.subarray(at + HEADER_BYTES, end),
        ...(words > 0 && { words: JSON.parse(bytes.toString('utf8', end, end + words)) as string[] }),
      });
      at = end + words;
    }
    return groups;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }

  #described(codebook?: Uint8Array): StoredGroupSettings {
    const { config, models, codec } = this.#options;
    const { description } = this.#maker;
    return {
      config,
      ...(models !== undefined && { models }),
      codec,
      description: descriptionJson(description),
      dimension: description.dimension,
      ...(codebook && { codebook }),
    };
  }

  #use(settings: StoredGroupSettings): void {
    this.#settings = settings;
    this.#codec = openGroupCodec(settings.codec, settings.dimension, settings.codebook);
  }

  async #encode(): Promise<void> {
    const waiting = this.#waiting;
    [this.#waiting, this.#waitingPassages] = [[], 0];
    const encoded = await this.#maker.groupsOf(waiting.flatMap(({ passages }) => passages));
    let first = 0;
    for (const { chunk, passages } of waiting) {
      const groups = encoded.slice(first, first + passages.length);
      first += passages.length;
      this.#unwritten.push({ chunk, groups });
      this.#unwrittenVectors += groups.reduce((sum, { vectors }) => sum + vectors, 0);
    }
    this.#passages += encoded.length;
    this.#options.onProgress?.(this.#passages);
    await this.#write(false);
  }

  async #write(last: boolean): Promise<void> {
    if (this.#codec === undefined) {
      if (this.#unwrittenVectors === 0 || (!last && this.#unwrittenVectors < CODEBOOK_VECTORS)) return;
      this.#use(this.#described(await this.#codebook()));
    }
    const codec = this.#codec!;
    const parts: Buffer[] = [];
    for (const { chunk, groups } of this.#unwritten) {
      const start = this.#end;
      for (const group of groups) {
        const bytes = codec.encode(group);
        const words = Buffer.from(group.words === undefined ? '' : JSON.stringify(group.words));
        const header = Buffer.alloc(HEADER_BYTES);
        header.writeUInt32LE(bytes.length, 0);
        header.writeUInt32LE(words.length, 4);
        parts.push(header, Buffer.from(bytes), words);
        this.#end += HEADER_BYTES + bytes.length + words.length;
      }
      this.#places.set(chunk, { start, bytes: this.#end - start });
    }
    [this.#unwritten, this.#unwrittenVectors] = [[], 0];
    await this.#file.appendFile(Buffer.concat(parts)).catch((cause: unknown) => {
      throw new CemError('FILE_WRITE', `cannot put vector groups aside in ${this.#path}: ${messageOf(cause)}; make room there`, {
        details: { path: this.#path },
        cause,
      });
    });
  }

  async #codebook(): Promise<Uint8Array> {
    const { dimension } = this.#maker.description;
    const rows = new Float32Array(this.#unwrittenVectors * dimension);
    let filled = 0;
    for (const { data } of this.#unwritten.flatMap(({ groups }) => groups)) {
      rows.set(data, filled);
      filled += data.length;
    }
    const { innerProducts = plainInnerProducts } = this.#options;
    return writeCodebook(await trainCodebook(rows, dimension, { innerProducts }));
  }
}
