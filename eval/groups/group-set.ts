import type { VectorGroup } from '../../encoders/index.ts';

/** Groups of many texts, one after the other. */
export interface GroupSet {
  readonly size: number;
  readonly dimension: number;
  /** [size + 1] first row of each group. */
  readonly starts: Int32Array;
  /** [rows, dimension], rows at length 1. */
  readonly data: Float32Array;
}

/** Gathers groups of one dimension. */
export function groupSet(groups: readonly VectorGroup[], dimension: number): GroupSet {
  const starts = new Int32Array(groups.length + 1);
  groups.forEach(({ vectors }, index) => {
    starts[index + 1] = starts[index]! + vectors;
  });
  const data = new Float32Array(starts[groups.length]! * dimension);
  groups.forEach((group, index) => {
    data.set(group.data, starts[index]! * dimension);
  });
  return { size: groups.length, dimension, starts, data };
}
