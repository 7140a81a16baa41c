import type { Block, BlockFigure } from '../block.ts';
import { type ReadPicture, readPicture } from './read-picture.ts';

/** Bytes of the pictures of one file together. */
const MOST_BYTES = 1 << 28;
const MOST_PICTURES = 5_000;

/** What a reference leads to in the file itself; `beside` for a file of its own, which who ingests may read; undefined for what lies elsewhere, and is not fetched. */
export type PictureSource = (reference: string) => Promise<Uint8Array | 'beside' | undefined>;

/** Reads the pictures that blocks refer to, each once, up to a number of them and of bytes. */
export class BlockPictures {
  readonly #known = new Map<string, BlockFigure>();
  #bytes = 0;

  /** Blocks with their pictures in place of references. */
  async read(blocks: readonly Block[], source: PictureSource): Promise<readonly Block[]> {
    if (!blocks.some(({ figure }) => figure?.reference !== undefined)) return blocks;
    const read: Block[] = [];
    for (const block of blocks) {
      const { figure, ...others } = block;
      if (figure?.reference === undefined) read.push(block);
      else {
        const { reference, ...rest } = figure;
        const found = await this.#read(reference, source);
        if (found === 'beside') read.push(block);
        else if (Object.keys(found).length > 0) read.push({ ...others, figure: { ...found, ...rest } });
        // What stands in a text is no block without its picture.
        else if (rest.inline !== true) read.push(others);
      }
    }
    return read;
  }

  async #read(reference: string, source: PictureSource): Promise<BlockFigure | 'beside'> {
    const known = this.#known.get(reference);
    if (known !== undefined) return known;
    const bytes = await source(reference);
    if (bytes === 'beside') return bytes;
    const figure = bytes === undefined ? {} : this.#counted(await readPicture(bytes));
    this.#known.set(reference, figure);
    return figure;
  }

  #counted(read: ReadPicture): BlockFigure {
    if ('leftOut' in read) return { leftOut: read.leftOut };
    this.#bytes += read.picture.bytes.length;
    return this.#bytes > MOST_BYTES || this.#known.size >= MOST_PICTURES ? { leftOut: 'large' } : read;
  }
}

/** A path relative to the document, or absolute in its site; what has a scheme, a host or nothing lies elsewhere. */
function isBeside(reference: string): boolean {
  return reference !== '' && !/^(?:[a-z][a-z0-9+.-]*:|\/\/|#)/i.test(reference);
}

/** The bytes of a `data:` address (RFC 2397) of a picture; undefined for anything else. */
export function dataBytes(reference: string): Uint8Array | undefined {
  const [whole, base64] = /^data:image\/[\w.+-]+(?:;[\w=-]+)*?(;base64)?,/i.exec(reference.slice(0, 200)) ?? [];
  if (whole === undefined) return undefined;
  const body = reference.slice(whole.length);
  if (base64 !== undefined) return Uint8Array.from(Buffer.from(body, 'base64'));
  try {
    return Uint8Array.from(Buffer.from(decodeURIComponent(body)));
  } catch {
    return undefined;
  }
}

/** Of a page: what it holds itself, and what lies beside it. */
export const pageSource: PictureSource = (reference) =>
  Promise.resolve(dataBytes(reference) ?? (isBeside(reference) ? 'beside' : undefined));
