import { CemError } from '../../base/index.ts';
import type { OptimizerArrays } from '../../checkpoints/index.ts';

/** What has to be kept beside weights to go on to the byte: flat arrays by name. */
export type StateArrays = ReadonlyMap<string, Float32Array>;

/**
 * One array of a state.
 *
 * @throws CemError `CHECKPOINT_SHAPE` when it is not there or has another length
 */
export function stateArray(arrays: StateArrays, name: string, length: number): Float32Array {
  const array = arrays.get(name);
  if (array?.length === length) return array;
  throw new CemError(
    'CHECKPOINT_SHAPE',
    `the optimiser's state should hold "${name}" with ${length} numbers, got ${array?.length ?? 'none'}: the checkpoint belongs to another configuration or is damaged; resume with the configuration of its run, or remove it and resume from the one before`,
    { details: { name, expected: length, found: array?.length } },
  );
}

/** A state as checkpoints keep it. */
export function toCheckpoint(arrays: StateArrays): OptimizerArrays {
  return new Map([...arrays].map(([name, data]) => [name, { shape: [data.length], data }]));
}

/** A state from what a checkpoint has kept. */
export function fromCheckpoint(arrays: OptimizerArrays): StateArrays {
  return new Map([...arrays].map(([name, { data }]) => [name, data]));
}
