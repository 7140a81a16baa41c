import type { SymbolBatch } from '../symbol-batch.ts';
import type { AdamStep, RowGradient, RowKernels, SlotAssignment } from './row-kernels.ts';

/** The row kernels in plain JavaScript: the definition that the SIMD ones are tested against, and what runs where tables pass 4 GiB. */
export class PlainRowKernels implements RowKernels {
  readonly name = 'plain';

  allocate(length: number): Float32Array {
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
      for (const value of values) sumOfSquares += value * value;
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
    const { rate, beta1, beta2, secondCorrection, epsilon, scale } = step;
    const { rows, values } = gradient;
    for (let slot = 0; slot < rows.length; slot++) {
      const from = slot * dimension;
      const base = rows[slot]! * dimension;
      for (let d = 0; d < dimension; d++) {
        const value = values[from + d]! * scale;
        const at = base + d;
        first[at] = beta1 * first[at]! + (1 - beta1) * value;
        second[at] = beta2 * second[at]! + (1 - beta2) * value * value;
        weights[at]! -= (rate * first[at]!) / (Math.sqrt(second[at]! * secondCorrection) + epsilon);
      }
    }
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
    const scale = length ** -0.5;
    const base = places[symbol]! * dimension;
    for (let d = base; d < base + dimension; d++) values[d]! *= scale;
  }
}
