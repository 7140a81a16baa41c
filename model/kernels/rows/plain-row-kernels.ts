import type { SymbolBatch } from '../../symbols/symbol-batch.ts';
import type { AdagradStep, AdamStep, RowGradient, RowKernels } from './row-kernels.ts';
import type { SlotAssignment } from './slot-assignment.ts';

/** Rounds to float32: the result of each single operation, as the SIMD kernels have it. */
const { fround } = Math;
/** Lanes of the SIMD sums, in which they are taken here as well. */
const LANES = 4;

/** The row kernels in plain JavaScript: the definition, which the others equal bit by bit. */
export class PlainRowKernels implements RowKernels {
  readonly name = 'plain';

  allocate(_table: number, length: number): Float32Array {
    return new Float32Array(length);
  }

  embed(tables: readonly Float32Array[], batch: SymbolBatch, dimension: number): Float32Array {
    const output = new Float32Array(batch.size * batch.symbols * dimension);
    const { places, starts } = batch;
    tables.forEach((table, number) => {
      const rows = batch.rows[number]!;
      for (let symbol = 0; symbol < places.length; symbol++) {
        const place = places[symbol]! * dimension;
        for (let position = starts[symbol]!; position < starts[symbol + 1]!; position++) {
          const row = rows[position]! * dimension;
          for (let d = 0; d < dimension; d++) output[place + d]! += table[row + d]!;
        }
      }
    });
    scaleByLength(batch, output, dimension);
    return output;
  }

  accumulate(
    _tables: readonly Float32Array[],
    batches: readonly SymbolBatch[],
    gradients: readonly Float32Array[],
    assignments: readonly SlotAssignment[],
    dimension: number,
  ): { tables: RowGradient[]; sumOfSquares: number } {
    const scaled = gradients.map((gradient, index) => {
      const copy = gradient.slice();
      scaleByLength(batches[index]!, copy, dimension);
      return copy;
    });
    let sumOfSquares = 0;
    const tables = assignments.map(({ rows, slots }) => {
      const values = new Float32Array(rows.length * dimension);
      batches.forEach((batch, index) => {
        scatter(batch, slots[index]!, scaled[index]!, values, dimension);
      });
      const lanes = new Float64Array(LANES);
      values.forEach((value, i) => {
        lanes[i % LANES]! += value * value;
      });
      sumOfSquares += lanes[0]! + lanes[2]! + (lanes[1]! + lanes[3]!);
      return { rows, values };
    });
    return { tables, sumOfSquares };
  }

  adam(
    weights: Float32Array,
    first: Float32Array,
    second: Float32Array,
    gradient: RowGradient,
    dimension: number,
    step: AdamStep,
  ): void {
    const [rate, beta1, beta2] = [fround(step.rate), fround(step.beta1), fround(step.beta2)];
    const [correction, epsilon, scale] = [fround(step.secondCorrection), fround(step.epsilon), fround(step.scale)];
    const [rest1, rest2] = [fround(1 - beta1), fround(1 - beta2)];
    const { rows, values } = gradient;
    for (let slot = 0; slot < rows.length; slot++) {
      const from = slot * dimension;
      const base = rows[slot]! * dimension;
      for (let d = 0; d < dimension; d++) {
        const value = fround(values[from + d]! * scale);
        const at = base + d;
        first[at] = fround(beta1 * first[at]!) + fround(rest1 * value);
        second[at] = fround(beta2 * second[at]!) + fround(rest2 * fround(value * value));
        const root = fround(Math.sqrt(fround(second[at]! * correction)));
        weights[at]! -= fround(fround(rate * first[at]!) / fround(root + epsilon));
      }
    }
  }

  adagrad(weights: Float32Array, sums: Float32Array, gradient: RowGradient, dimension: number, step: AdagradStep): void {
    const [rate, epsilon, scale] = [fround(step.rate), fround(step.epsilon), fround(step.scale)];
    const { rows, values } = gradient;
    const lanes = new Float32Array(LANES);
    rows.forEach((row, slot) => {
      const scaled = values.slice(slot * dimension, (slot + 1) * dimension);
      lanes.fill(0);
      scaled.forEach((value, d) => {
        scaled[d] = value * scale;
        lanes[d % LANES]! += fround(scaled[d]! * scaled[d]!);
      });
      const total = fround(fround(lanes[0]! + lanes[2]!) + fround(lanes[1]! + lanes[3]!));
      sums[row]! += fround(total / dimension);
      const factor = fround(rate / fround(fround(Math.sqrt(sums[row]!)) + epsilon));
      scaled.forEach((value, d) => {
        weights[row * dimension + d]! -= fround(factor * value);
      });
    });
  }
}

function scatter(batch: SymbolBatch, slots: Int32Array, gradient: Float32Array, values: Float32Array, dimension: number): void {
  const { places, starts } = batch;
  for (let symbol = 0; symbol < places.length; symbol++) {
    const place = places[symbol]! * dimension;
    for (let position = starts[symbol]!; position < starts[symbol + 1]!; position++) {
      const target = slots[position]! * dimension;
      for (let d = 0; d < dimension; d++) values[target + d]! += gradient[place + d]!;
    }
  }
}

function scaleByLength(batch: SymbolBatch, values: Float32Array, dimension: number): void {
  const { places, starts } = batch;
  for (let symbol = 0; symbol < places.length; symbol++) {
    const length = starts[symbol + 1]! - starts[symbol]!;
    if (length === 1) continue;
    const scale = fround(1 / fround(Math.sqrt(length)));
    const base = places[symbol]! * dimension;
    for (let d = base; d < base + dimension; d++) values[d]! *= scale;
  }
}
