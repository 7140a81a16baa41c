import type { SymbolBatch } from '../../symbols/symbol-batch.ts';
import type { KernelMemory } from '../kernel-memory.ts';
import type { RowGradient } from './row-kernels.ts';
import type { SlotAssignment } from './slot-assignment.ts';

/** Gradient of a table's rows, and the sum of its squares. */
export interface SummedRowGradient {
  readonly gradient: RowGradient;
  readonly sumOfSquares: number;
}

/**
 * `RowKernels.accumulate` with SIMD in one memory; the gradients it returns lie in temporary regions of that memory.
 *
 * @param assignments those of the tables that belong to the memory
 */
export function accumulateRows(
  memory: KernelMemory,
  batches: readonly SymbolBatch[],
  gradients: readonly Float32Array[],
  assignments: readonly SlotAssignment[],
  dimension: number,
): SummedRowGradient[] {
  const { kernels } = memory;
  memory.release();
  // What lasts until the update comes first, what only the scattering needs behind it.
  const targets = assignments.map(({ rows }) => memory.temporary(4 * rows.length * dimension));
  const kept = memory.mark;
  const placed = batches.map((batch, index) => {
    const [starts, places, gradient] = [memory.place(batch.starts), memory.place(batch.places), memory.place(gradients[index]!)];
    const symbols = batch.places.length;
    kernels.scaleByLength(gradient, starts, places, symbols, dimension);
    return { starts, places, gradient, symbols };
  });
  const scratch = memory.mark;
  const sums = assignments.map(({ rows, slots }, table) => {
    const address = targets[table]!;
    const values = memory.floats(address, rows.length * dimension).fill(0);
    placed.forEach(({ starts, places, gradient, symbols }, index) => {
      kernels.scatterRows(address, memory.place(slots[index]!), starts, places, symbols, dimension, gradient);
      memory.release(scratch);
    });
    return { gradient: { rows, values }, sumOfSquares: kernels.sumOfSquares(address, values.length) };
  });
  memory.release(kept);
  return sums;
}
