/** The process that runs the cases of `metadata`, as `run-loop.ts` says. */
import { join } from 'node:path';
import { makeMetadataCase } from './metadata-cases.ts';
import { BLOCK_LIMIT, checkMetadataFile } from './metadata-check.ts';
import { makeMetadataSamples } from './metadata-samples.ts';
import { runCases } from './run-loop.ts';

const samples = makeMetadataSamples();
await runCases({
  make: (seed, number) => makeMetadataCase(samples, seed, number),
  check: (input, folder) => checkMetadataFile(input, join(folder, 'case.meta')),
  // A block's content, and what is read of a file.
  allocationLimit: 2 * BLOCK_LIMIT,
});
