/** The process that runs the cases of `zpkg`, as `run-loop.ts` says. */
import { join } from 'node:path';
import { runCases } from './run-loop.ts';
import { makeZpkgCase } from './zpkg-cases.ts';
import { CONTENT_LIMIT, checkContainer, checkFrame } from './zpkg-check.ts';
import { makeZpkgSamples } from './zpkg-samples.ts';

const samples = await makeZpkgSamples();
await runCases({
  make: (seed, number) => makeZpkgCase(samples, seed, number),
  check: (input, folder) => (input.kind === 'frame' ? checkFrame(input) : checkContainer(input, join(folder, 'case.zpkg'))),
  // One array per byte of content takes at most 8 bytes each (numbers of 32 bits, room doubled); a container is read in windows of 1 MiB.
  allocationLimit: 8 * CONTENT_LIMIT,
});
