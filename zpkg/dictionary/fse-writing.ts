import assert from 'node:assert/strict';
import { FseDistribution, FseTable } from '../frame/fse.ts';
import { highestBit } from '../frame/padded-bytes.ts';
import { BitWriter } from './bit-writer.ts';

/**
 * The distribution over 2^accuracyLog slots that codes symbols of these counts in the fewest bits, every counted symbol having a slot.
 *
 * Slots are handed out one by one to where the next one saves most; the saving shrinks with every slot, so this is the optimum.
 */
export function fitDistribution(counts: ArrayLike<number>, accuracyLog: number): FseDistribution {
  const distribution = new FseDistribution();
  const { probabilities } = distribution;
  const slots = 1 << accuracyLog;
  let total = 0;
  let given = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    if (counts[symbol]! === 0) continue;
    total += counts[symbol]!;
    probabilities[symbol] = 1;
    given++;
    distribution.count = symbol + 1;
  }
  assert.ok(given > 0 && given <= slots, `${given} symbols do not fit ${slots} slots`);
  for (; given < slots; given++) {
    let best = 0;
    let bestGain = -1;
    for (let symbol = 0; symbol < distribution.count; symbol++) {
      const probability = probabilities[symbol]!;
      if (probability === 0) continue;
      const gain = counts[symbol]! * Math.log2(1 + 1 / probability);
      if (gain > bestGain) {
        best = symbol;
        bestGain = gain;
      }
    }
    probabilities[best] = probabilities[best]! + 1;
  }
  for (let symbol = 0; symbol < distribution.count; symbol++) {
    // What deserves less than its one slot is marked so: its state always reads all bits, which spares the frequent symbols.
    if (probabilities[symbol] === 1 && counts[symbol]! * slots < total) probabilities[symbol] = -1;
  }
  distribution.accuracyLog = accuracyLog;
  return distribution;
}

/** The table description of a distribution (RFC 8878, 4.1.1): what `FseDistribution.read` reads. */
export function describeDistribution(distribution: FseDistribution): Uint8Array {
  const { probabilities, count, accuracyLog } = distribution;
  const writer = new BitWriter();
  writer.write(accuracyLog - 5, 4);
  let remaining = 1 << accuracyLog;
  for (let symbol = 0; symbol < count; ) {
    const probability = probabilities[symbol++]!;
    const width = highestBit(remaining + 1) + 1;
    const shortCodes = (1 << width) - 2 - remaining;
    const value = probability + 1;
    if (value < shortCodes) writer.write(value, width - 1);
    else writer.write(value >= 1 << (width - 1) ? value + shortCodes : value, width);
    remaining -= Math.abs(probability);
    if (probability !== 0) continue;
    let zeros = 0;
    while (symbol < count && probabilities[symbol] === 0) {
      zeros++;
      symbol++;
    }
    for (; zeros >= 3; zeros -= 3) writer.write(3, 2);
    writer.write(zeros, 2);
  }
  assert.equal(remaining, 0, 'the probabilities fill the slots');
  return writer.finish();
}

/**
 * Codes `symbols` (two or more) with two interleaved states, to be read from the end, as Huffman weights are (RFC 8878, 4.2.1.2).
 *
 * The reader stops when a state has no bits left to read, so the last state but one is taken among those that read at least one.
 */
export function encodeInterleaved(symbols: ArrayLike<number>, distribution: FseDistribution): Uint8Array {
  const { entries, accuracyLog } = new FseTable().fill(distribution);
  const size = 1 << accuracyLog;
  const bitsOf = (state: number): number => (entries[state]! >>> 8) & 255;
  const find = (symbol: number, accepts: (state: number) => boolean): number => {
    for (let state = 0; state < size; state++) {
      if ((entries[state]! & 255) === symbol && accepts(state)) return state;
    }
    return assert.fail(`symbol ${symbol} has no state`);
  };
  const writer = new BitWriter();
  const count = symbols.length;
  assert.ok(count >= 2, 'two states need two symbols');
  let next = find(symbols[count - 1]!, () => true);
  let current = find(symbols[count - 2]!, (state) => bitsOf(state) > 0);
  for (let index = count - 3; index >= 0; index--) {
    // This state's symbol comes before `current`'s; it must lead to `next`, the state after that of the same chain.
    const target = next;
    const state = find(symbols[index]!, (candidate) => {
      const baseline = entries[candidate]! >>> 16;
      return target >= baseline && target < baseline + (1 << bitsOf(candidate));
    });
    writer.write(target - (entries[state]! >>> 16), bitsOf(state));
    next = current;
    current = state;
  }
  writer.write(next, accuracyLog);
  writer.write(current, accuracyLog);
  writer.write(1, 1);
  return writer.finish();
}
