import { modelsOption } from '../options/index-options.ts';

/** Where memories are kept. */
export interface MemoryPlace {
  readonly into: string;
  readonly models: string | undefined;
}

export const memoryPlaceOptions = {
  into: { type: 'string', demandOption: true, describe: 'folder of the collection that memories are kept in' },
  models: modelsOption,
} as const;
