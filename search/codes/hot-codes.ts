import { RandomNumbers } from '../../base/index.ts';
import type { TierCounts } from '../vector-store.ts';
import { codeBytes } from './binary-code.ts';
import { MemoryCodes } from './memory-codes.ts';
import type { AgedUse } from './row-use.ts';

/** Of a hot row beside its code: key, number and use, and its place in a table of hashes. */
const BYTES_PER_ROW = 64;
/** Use, as of now, below which a row is not hot: it was used once, a half-life ago. */
const LEAST_USE = 0.5;
/** By how many uses a row must be ahead of the one in whose place it comes: rows that were used as often do not take turns. */
const LEAD = 0.5;
/** Hot rows that are looked at for the least used one, drawn by chance: an approximation that needs no order to be kept (Redis, "approximated LFU", has 5). */
const DRAWN = 16;
/** Rows that are not hot and whose use is counted, at least and at most. */
const FEWEST_COUNTED = 4096;
const MOST_COUNTED = 2 ** 20;

/** Memory that a hot row takes, in bytes. */
export const hotRowBytes = (dimension: number): number => codeBytes(dimension) + BYTES_PER_ROW;

/** A row's number and its use, as of one moment. */
export type UsedRow = readonly [number: number, use: number];

/** Codes of the rows that are used most, as many as have room, searched exhaustively. Use ages; a row becomes hot with its use and is demoted when another one is used more, or nobody uses it any more. */
export class HotCodes {
  readonly #codes: MemoryCodes;
  readonly #use: AgedUse;
  readonly #room: number;
  readonly #numbers: number[] = [];
  readonly #uses: number[] = [];
  /** The row's place among codes, numbers and uses. */
  readonly #places = new Map<number, number>();
  readonly #free: number[] = [];
  /** Rows that are not hot. */
  readonly #others = new Map<number, number>();
  readonly #random = new RandomNumbers(1, 'hot codes');
  #promoted = 0;
  #demoted = 0;

  /** @param room rows */
  constructor(dimension: number, room: number, use: AgedUse) {
    this.#codes = new MemoryCodes(dimension);
    this.#room = room;
    this.#use = use;
  }

  get counts(): Omit<TierCounts, 'hotResults' | 'coldResults'> {
    return { rows: this.#places.size, room: this.#room, promoted: this.#promoted, demoted: this.#demoted };
  }

  has(number: number): boolean {
    return this.#places.has(number);
  }

  /**
   * Counts a row as used now.
   *
   * @param code its code, asked for where the row becomes hot
   */
  used(number: number, code: () => Uint8Array): void {
    const { weight } = this.#use;
    const place = this.#places.get(number);
    if (place !== undefined) {
      this.#uses[place]! += weight;
      return;
    }
    const uses = (this.#others.get(number) ?? 0) + weight;
    if (!this.#makeRoom(uses - LEAD * weight)) {
      this.#count(number, uses);
      return;
    }
    this.#others.delete(number);
    this.#place(number, uses, code());
    this.#promoted++;
  }

  /** Makes a row hot that was so before; nothing where there is no room. */
  restore([number, uses]: UsedRow, code: Uint8Array): void {
    if (this.#places.size < this.#room && !this.#places.has(number)) this.#place(number, uses, code);
  }

  #place(number: number, uses: number, code: Uint8Array): void {
    const place = this.#free.pop() ?? this.#numbers.length;
    if (place === this.#numbers.length) this.#codes.add(place, code);
    else this.#codes.replace(place, code);
    this.#numbers[place] = number;
    this.#uses[place] = uses;
    this.#places.set(number, place);
  }

  /** Numbers of the n hot rows that are nearest to a query by their codes, best first. */
  scan(query: Float32Array, n: number): number[] {
    const places = this.#codes.scan(query, n, (place) => this.#places.get(this.#numbers[place]!) === place);
    return places.map((place) => this.#numbers[place]!);
  }

  /** Drops rows that are gone. */
  forget(numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#others.delete(number);
      this.#release(number);
    }
  }

  /** Demotes the rows that were not used for so long that their use is hardly any. */
  demoteUnused(): void {
    const least = LEAST_USE * this.#use.weight;
    for (const [number, place] of this.#places) if (this.#uses[place]! < least) this.#demote(number, this.#uses[place]!);
  }

  /** Hot rows with their use, as of now. */
  hot(): UsedRow[] {
    const { weight } = this.#use;
    return [...this.#places].map(([number, place]): UsedRow => [number, this.#uses[place]! / weight]);
  }

  /** Whether there is room, or a hot row of less use that went. */
  #makeRoom(uses: number): boolean {
    if (this.#places.size < this.#room) return true;
    if (this.#room === 0) return false;
    let coldest = this.#random.integer(this.#numbers.length);
    for (let draw = 1; draw < DRAWN; draw++) {
      const place = this.#random.integer(this.#numbers.length);
      if (this.#uses[place]! < this.#uses[coldest]!) coldest = place;
    }
    if (this.#uses[coldest]! >= uses) return false;
    this.#demote(this.#numbers[coldest]!, this.#uses[coldest]!);
    return true;
  }

  #demote(number: number, uses: number): void {
    this.#release(number);
    this.#count(number, uses);
    this.#demoted++;
  }

  #release(number: number): void {
    const place = this.#places.get(number);
    if (place === undefined) return;
    this.#places.delete(number);
    this.#free.push(place);
  }

  #count(number: number, uses: number): void {
    this.#others.set(number, uses);
    if (this.#others.size <= Math.min(Math.max(4 * this.#room, FEWEST_COUNTED), MOST_COUNTED)) return;
    // The less used half goes: rarely, and in one go.
    const sorted = Float64Array.from(this.#others.values()).sort();
    const half = sorted.length >> 1;
    const middle = sorted[half]!;
    let equal = half - sorted.indexOf(middle);
    for (const [other, use] of this.#others) {
      if (use > middle || (use === middle && equal-- <= 0)) continue;
      this.#others.delete(other);
    }
  }
}
