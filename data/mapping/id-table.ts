import { CemError } from '../../base/index.ts';

/** Longest id in UTF-8 bytes. */
export const LONGEST_ID = 65_535;

const LARGEST_TABLE = 0xffffffff;

/**
 * Document ids in the order in which they were added, each once: UTF-8 bytes in one array and a hash table over them, about 14 bytes a document besides the
 * ids themselves. Lookups take constant time.
 */
export class IdTable {
  #bytes = new Uint8Array(1024);
  /** [count] where each id's bytes end. */
  #ends = new Uint32Array(64);
  /** Open addressing with linear probing; 0 is free, else the document's number + 1. */
  #slots = new Uint32Array(256);
  #count = 0;

  get length(): number {
    return this.#count;
  }

  /** UTF-8 bytes of all ids together. */
  get byteLength(): number {
    return this.#start(this.#count);
  }

  /**
   * @param origin where the document was read, for the message
   * @returns false when the id is there already
   * @throws CemError `MAPPING_ID` for an id that is empty, too long, not well-formed or has a NUL, which databases refuse; `MAPPING_OVERFLOW`
   */
  add(id: string, origin?: string): boolean {
    const bytes = Buffer.from(id, 'utf8');
    if (id === '' || bytes.length > LONGEST_ID || /\p{Surrogate}/u.test(id) || id.includes('\0')) {
      throw new CemError(
        'MAPPING_ID',
        `the id ${JSON.stringify(id.slice(0, 80))}${origin === undefined ? '' : ` in ${origin}`} cannot be used: an id has 1 to ${LONGEST_ID} bytes of well-formed Unicode without NUL`,
        {
          details: { bytes: bytes.length, ...(origin !== undefined && { origin }) },
        },
      );
    }
    return this.addBytes(bytes);
  }

  /** As `add`, for bytes that were checked before. */
  addBytes(id: Uint8Array): boolean {
    const slot = this.#find(id);
    if (this.#slots[slot] !== 0) return false;
    const start = this.byteLength;
    const end = start + id.length;
    if (end > LARGEST_TABLE || this.#count === LARGEST_TABLE - 1) {
      throw new CemError('MAPPING_OVERFLOW', 'a mapping holds at most 4 GiB of ids: split the corpus over several containers');
    }
    if (end > this.#bytes.length)
      this.#bytes = grown(this.#bytes, Math.max(end, Math.ceil(1.5 * this.#bytes.length)), Uint8Array);
    if (this.#count === this.#ends.length) this.#ends = grown(this.#ends, Math.ceil(1.5 * this.#ends.length), Uint32Array);
    this.#bytes.set(id, start);
    this.#ends[this.#count] = end;
    this.#count += 1;
    this.#slots[slot] = this.#count;
    if (this.#count > 0.6 * this.#slots.length) this.#rehash();
    return true;
  }

  /** The number of the document with this id; -1 when there is none. */
  indexOf(id: string): number {
    return this.#slots[this.#find(Buffer.from(id, 'utf8'))]! - 1;
  }

  at(index: number): string {
    return Buffer.from(this.bytesAt(index)).toString('utf8');
  }

  bytesAt(index: number): Uint8Array {
    return this.#bytes.subarray(this.#start(index), this.#ends[index]);
  }

  #start(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!;
  }

  /** The slot that holds this id, or the free one where it belongs. */
  #find(id: Uint8Array): number {
    const mask = this.#slots.length - 1;
    let slot = hash(id, 0, id.length) & mask;
    while (this.#slots[slot] !== 0 && !this.#equals(this.#slots[slot]! - 1, id)) slot = (slot + 1) & mask;
    return slot;
  }

  #equals(index: number, id: Uint8Array): boolean {
    const start = this.#start(index);
    if (this.#ends[index]! - start !== id.length) return false;
    for (let i = 0; i < id.length; i++) if (this.#bytes[start + i] !== id[i]) return false;
    return true;
  }

  #rehash(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#count; index++) {
      let slot = hash(this.#bytes, this.#start(index), this.#ends[index]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }
}

/** FNV-1a over the bytes, then the finaliser of MurmurHash3: linear probing needs the low bits well mixed. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let i = start; i < end; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function grown<Numbers extends Uint8Array | Uint32Array>(
  from: Numbers,
  length: number,
  type: new (length: number) => Numbers,
): Numbers {
  const to = new type(length);
  to.set(from);
  return to;
}
