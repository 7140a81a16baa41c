import { CemError } from '../../base/index.ts';
import { HASH_PRIMES } from '../../model/hash-primes.ts';
import { BYTE_ID_OFFSET, NgramHash } from '../../model/symbols/ngram-hash.ts';
import { type BenchReport, describeMachine, type Measurement, median } from '../measurement.ts';

const SIZES = [3, 4, 5, 6, 7, 8];
const MB = 1e6;
/** Rows of BLT's tables, of this project's default, and few: above and below the kernel's two ways to divide. */
const ROWS = [500_002, 50_000, 1009];
/** The definition is slow: it hashes this many bytes, and what it gives is compared with the kernel's. */
const DEFINITION_BYTES = 20_000;

export interface HashBenchInput {
  /** Bytes of text. */
  readonly content: Uint8Array;
  /** Each figure is the median of so many rounds. */
  readonly rounds: number;
  readonly onStage?: (stage: string) => void;
}

/** Hashing of the six n-gram sizes of BLT on one thread, against its definition in BigInt arithmetic, whose numbers it must give. */
export function benchHash({ content, rounds, onStage }: HashBenchInput): BenchReport {
  const ids = Uint16Array.from(content, (byte) => byte + BYTE_ID_OFFSET);
  const measurements = ROWS.map((rows): Measurement => {
    onStage?.(`${rows} rows`);
    const hash = new NgramHash(SIZES, rows);
    const output = new Int32Array(ids.length * SIZES.length);
    const few = ids.subarray(0, DEFINITION_BYTES);
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      let start = performance.now();
      hash.hash(ids, 0, ids.length, output);
      ours.push((1000 * ids.length) / MB / (performance.now() - start));
      start = performance.now();
      const expected = hashByDefinition(few, rows);
      theirs.push((1000 * few.length) / MB / (performance.now() - start));
      const wrong = expected.findIndex((row, index) => row !== output[index]);
      if (wrong >= 0)
        throw new CemError(
          'BENCH_HASH',
          `number ${wrong} of ${rows} rows is ${output[wrong]}, the definition says ${expected[wrong]}`,
        );
    }
    return {
      name: `n-grams of ${SIZES[0]} to ${SIZES.at(-1)}, ${rows} rows`,
      value: median(ours),
      unit: 'MB/s of text',
      reference: { name: 'definition in BigInt', value: median(theirs) },
      bar: { atLeast: 20 },
    };
  });
  return {
    bench: 'hash',
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    notes: [
      `${(content.length / MB).toFixed(1)} MB of text, one thread, six rows a byte; medians of ${rounds} rounds, taken in turns.`,
      `The definition has its powers in a table and hashes the first ${DEFINITION_BYTES} bytes; its rows are compared with the kernel's in every round.`,
    ],
    measurements,
  };
}

/** `sum_j id_j * prime^j` in wrapping 64 bits, floor modulo the rows; [positions, sizes]. */
function hashByDefinition(ids: Uint16Array, rows: number): Int32Array {
  const powers = Array.from({ length: SIZES.at(-1)! }, (_, j) => BigInt(HASH_PRIMES[0]!) ** BigInt(j));
  const modulus = BigInt(rows);
  const output = new Int32Array(ids.length * SIZES.length);
  for (let position = 0; position < ids.length; position++) {
    SIZES.forEach((size, column) => {
      let hash = 0n;
      for (let j = 0; j < size; j++) {
        const at = position - size + 1 + j;
        if (at >= 0) hash = BigInt.asIntN(64, hash + BigInt(ids[at]!) * powers[j]!);
      }
      output[position * SIZES.length + column] = Number(((hash % modulus) + modulus) % modulus);
    });
  }
  return output;
}
