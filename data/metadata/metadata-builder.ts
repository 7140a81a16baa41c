import { type Compressor, createCompressor } from '../../zpkg/index.ts';
import { type DocumentRecord, saysSomething } from './document-record.ts';
import { encodeBlock, recordBytes } from './metadata-block.ts';
import { DOCUMENTS_SECTION, MOST_IN_BLOCK, type SectionToWrite } from './metadata-format.ts';

/** A block ends when its records have so many bytes before compression: little to decompress for one record, and enough to compress well. */
const BLOCK_BYTES = 1 << 17;
/** Written once, read often. */
const LEVEL = 19;
/** Bytes that the length of a chunk's content takes at most, nearly always. */
const LENGTH_BYTES = 3;

/**
 * Gathers the records of a corpus' documents in order, and compresses them block by block. Memory: the compressed blocks and the records of one.
 */
export class MetadataBuilder {
  readonly #compressor: Compressor;
  readonly #blocks: { frame: Uint8Array; count: number }[] = [];
  #records: DocumentRecord[] = [];
  #ids: string[] = [];
  #bytes = 0;
  #says = false;

  /** @param dictionary of the container that the metadata belongs to */
  constructor(dictionary: Uint8Array) {
    this.#compressor = createCompressor({ level: LEVEL, dictionary });
  }

  /** @throws CemError `METADATA_TOO_LARGE` */
  add(id: string, record: DocumentRecord, partLengths: readonly number[]): void {
    const bytes = recordBytes({ ...record, partLengths: [] }, id) + LENGTH_BYTES * partLengths.length;
    if (this.#records.length === MOST_IN_BLOCK || (this.#bytes > 0 && this.#bytes + bytes > BLOCK_BYTES)) this.#endBlock();
    this.#records.push({ ...record, partLengths });
    this.#ids.push(id);
    this.#bytes += bytes;
    this.#says ||= saysSomething(record);
  }

  /** The sections to write; none when the documents say nothing that the container and its mapping do not. */
  finish(): SectionToWrite[] {
    if (!this.#says) return [];
    this.#endBlock();
    return [{ kind: DOCUMENTS_SECTION, mayBeSkipped: false, blocks: this.#blocks }];
  }

  #endBlock(): void {
    if (this.#records.length === 0) return;
    const frame = this.#compressor.compress(encodeBlock(this.#records, this.#ids));
    this.#blocks.push({ frame, count: this.#records.length });
    this.#records = [];
    this.#ids = [];
    this.#bytes = 0;
  }
}
