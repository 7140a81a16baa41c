import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeDistribution, fitDistribution } from '../../../zpkg/dictionary/fse-writing.ts';
import { codeLengths, describeTree } from '../../../zpkg/dictionary/huffman-writing.ts';
import { FseDistribution } from '../../../zpkg/frame/fse.ts';
import { HuffmanTable } from '../../../zpkg/frame/huffman.ts';
import { PaddedBytes } from '../../../zpkg/frame/padded-bytes.ts';
import { random } from '../frame-samples.ts';

const test = suite('zpkg/entropy-writing');

function padded(bytes: Uint8Array): PaddedBytes {
  const input = new PaddedBytes(bytes.length, 'test');
  input.load(bytes, 0, bytes.length);
  return input;
}

/** Counts over `symbols` symbols, skewed, with about `share` of them zero. */
function randomCounts(next: () => number, symbols: number, share: number): number[] {
  const counts = Array.from({ length: symbols }, () => (next() < share ? 0 : Math.floor(1 + 10_000 * next() ** 8)));
  counts[0] = 3;
  counts[symbols - 1] = 2;
  return counts;
}

test('a distribution fills its slots, gives every counted symbol one, and is read back as written', () => {
  const next = random(1);
  for (let round = 0; round < 500; round++) {
    const accuracyLog = 6 + (round % 4);
    const counts = randomCounts(next, 2 + Math.floor(next() * 51), round % 3 === 0 ? 0.6 : 0.1);
    const written = fitDistribution(counts, accuracyLog);
    const slots = written.probabilities.reduce((sum, probability) => sum + Math.abs(probability), 0);
    assert.is(slots, 2 ** accuracyLog);
    counts.forEach((count, symbol) => {
      assert.is(count > 0, written.probabilities[symbol] !== 0);
    });
    const bytes = describeDistribution(written);
    const input = padded(bytes);
    const read = new FseDistribution();
    assert.is(read.read(input, input.start, 9, 53), input.end);
    assert.is(read.accuracyLog, accuracyLog);
    assert.equal([...read.probabilities.subarray(0, read.count)], [...written.probabilities.subarray(0, written.count)]);
  }
});

test('slots follow the counts', () => {
  // 64 slots for counts 32:16:8:8 of 64: exactly these.
  assert.equal([...fitDistribution([32, 16, 8, 8], 6).probabilities.subarray(0, 4)], [32, 16, 8, 8]);
});

/** Total bits of plain Huffman codes: the sum of all merged weights. Independent of code lengths. */
function huffmanCost(counts: readonly number[]): number {
  const weights = counts.filter((count) => count > 0);
  let cost = 0;
  while (weights.length > 1) {
    weights.sort((a, b) => b - a);
    const merged = weights.pop()! + weights.pop()!;
    cost += merged;
    weights.push(merged);
  }
  return cost;
}

test('code lengths are complete, within the limit, and cost what plain Huffman codes cost where the limit does not bind', () => {
  const next = random(2);
  for (let round = 0; round < 60; round++) {
    const counts = randomCounts(next, 2 + Math.floor(next() * 255), 0.3);
    const lengths = codeLengths(counts);
    const used = lengths.filter((length) => length > 0);
    assert.ok(Math.max(...used) <= 11);
    // Kraft's sum of a complete code is 1.
    assert.is(
      used.reduce((sum, length) => sum + 2 ** -length, 0),
      1,
    );
    const cost = lengths.reduce((sum, length, symbol) => sum + length * counts[symbol]!, 0);
    const unlimited = codeLengths(counts, 40).reduce((sum, length, symbol) => sum + length * counts[symbol]!, 0);
    assert.is(unlimited, huffmanCost(counts));
    assert.ok(cost >= unlimited);
  }
});

test('a limit binds: Fibonacci counts want 14 bits for 15 symbols', () => {
  const counts = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610];
  assert.is(Math.max(...codeLengths(counts, 20)), 14);
  assert.is(Math.max(...codeLengths(counts)), 11);
});

test('a tree is read back as written', () => {
  const next = random(3);
  for (let round = 0; round < 200; round++) {
    const counts = round === 0 ? [1, 1] : randomCounts(next, 2 + Math.floor(next() * 255), round % 2 === 0 ? 0.5 : 0);
    const lengths = codeLengths(counts);
    const bytes = describeTree(lengths);
    assert.ok(bytes !== undefined);
    const input = padded(bytes);
    const table = new HuffmanTable();
    assert.is(table.read(input, input.start), input.end);
    const read = new Uint8Array(lengths.length);
    for (const entry of table.entries.subarray(0, 1 << table.longestCode)) read[entry & 255] = entry >>> 8;
    assert.equal([...read], [...lengths]);
  }
});

test('equal lengths have one weight only and are written unpacked', () => {
  const bytes = describeTree(codeLengths(new Array<number>(64).fill(1)));
  // 63 weights (the last is deduced): header 127 + 63, then 32 bytes.
  assert.is(bytes?.length, 33);
  assert.is(bytes?.[0], 190);
  assert.is(describeTree(codeLengths(new Array<number>(256).fill(1))), undefined);
});

test.run();
