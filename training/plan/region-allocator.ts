/** Sizes are multiples of it. */
const UNIT = 256;
/** Bytes of the first region; each further one is twice as large as the last. */
const FIRST_REGION = 2 * 2 ** 20;
/** A free piece is split where so many bytes would be left over, or as many as are asked for. */
const LARGEST_REST = 128 * 2 ** 20;
/** Free pieces are kept by size: 256 bytes and more, 512 and more, …, the last for all that are larger. */
const BINS = 21;

interface Region {
  /** Bytes from its beginning to the end of what was ever used. */
  touched: number;
}

/** A part of a region, between its neighbours. */
interface Piece {
  readonly region: Region;
  readonly from: number;
  size: number;
  free: boolean;
  before: Piece | undefined;
  after: Piece | undefined;
}

/**
 * Where TensorFlow's CPU device with oneDNN puts its tensors: into the smallest free piece that is large enough, in regions of doubling size that are never given back. A page of a region
 * belongs to the process once it was used, so that what lies free between tensors is held as well.
 *
 * Source of constants and rules: TensorFlow 2.21, `MklCPUAllocator` (tensorflow/core/common_runtime/mkl_cpu_allocator.h) and `BFCAllocator` (xla/tsl/framework/bfc_allocator.cc). Left out are its
 * limit, the memory of the machine, and that tensors of a few KB lie elsewhere.
 */
export class RegionAllocator {
  /** Smallest first. */
  readonly #free: readonly Piece[][] = Array.from({ length: BINS }, () => []);
  #nextRegion = FIRST_REGION;
  #touched = 0;
  #used = 0;
  #mostUsed = 0;

  /** Bytes of all regions that were ever used. */
  get touched(): number {
    return this.#touched;
  }

  /** How much of these is free when most is in use. */
  get spare(): number {
    return this.#touched - this.#mostUsed;
  }

  /** Finds room for so many bytes, and gives what frees it again. */
  allocate(bytes: number): () => void {
    const size = Math.max(1, Math.ceil(bytes / UNIT)) * UNIT;
    const piece = this.#take(size) ?? this.#extend(size);
    if (piece.size >= 2 * size || piece.size - size >= LARGEST_REST) this.#split(piece, size);
    piece.free = false;
    const { region } = piece;
    const end = Math.max(region.touched, piece.from + size);
    this.#touched += end - region.touched;
    region.touched = end;
    this.#used += size;
    this.#mostUsed = Math.max(this.#mostUsed, this.#used);
    return () => {
      this.#used -= size;
      this.#release(piece);
    };
  }

  #take(size: number): Piece | undefined {
    for (const pieces of this.#free.slice(binOf(size))) {
      const index = pieces.findIndex((piece) => piece.size >= size);
      if (index >= 0) return pieces.splice(index, 1)[0];
    }
    return undefined;
  }

  #extend(size: number): Piece {
    const grown = this.#nextRegion < size;
    while (this.#nextRegion < size) this.#nextRegion *= 2;
    const piece: Piece = {
      region: { touched: 0 },
      from: 0,
      size: this.#nextRegion,
      free: false,
      before: undefined,
      after: undefined,
    };
    if (!grown) this.#nextRegion *= 2;
    return piece;
  }

  #split(piece: Piece, size: number): void {
    const { region, after } = piece;
    const rest: Piece = { region, from: piece.from + size, size: piece.size - size, free: true, before: piece, after };
    if (after) after.before = rest;
    piece.after = rest;
    piece.size = size;
    this.#insert(rest);
  }

  #release(piece: Piece): void {
    const { before, after } = piece;
    let free = piece;
    if (after?.free) {
      this.#remove(after);
      absorbNext(piece, after);
    }
    if (before?.free) {
      this.#remove(before);
      absorbNext(before, piece);
      free = before;
    }
    free.free = true;
    this.#insert(free);
  }

  #insert(piece: Piece): void {
    const pieces = this.#free[binOf(piece.size)]!;
    const index = pieces.findIndex(({ size }) => size > piece.size);
    pieces.splice(index < 0 ? pieces.length : index, 0, piece);
  }

  #remove(piece: Piece): void {
    const pieces = this.#free[binOf(piece.size)]!;
    pieces.splice(pieces.indexOf(piece), 1);
  }
}

function binOf(size: number): number {
  return Math.min(BINS - 1, Math.floor(Math.log2(size / UNIT)));
}

function absorbNext(piece: Piece, next: Piece): void {
  piece.size += next.size;
  piece.after = next.after;
  if (next.after) next.after.before = piece;
}
