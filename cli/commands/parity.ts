import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError } from '../../base/index.ts';
import { readSafetensors } from '../../checkpoints/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { measureParity, type ParityStages, parseParityCase } from '../../model/parity/index.ts';
import { defineCommand } from '../command.ts';

/** Largest difference of an activation that still counts as equal, in float32. */
const TOLERANCE = 1e-4;
const CASE_FILE = 'case.json';
const WEIGHTS_FILE = 'weights.safetensors';

interface ParityResult {
  readonly stages: ParityStages;
}

export const parityCommand = defineCommand<{ readonly folder: string }, ParityResult>({
  command: 'parity <folder>',
  describe: 'compare the encoder, stage by stage, with activations that the reference implementation of BLT computed',
  examples: [
    [
      'parity shared/reference/blt/case-a',
      `a folder with ${CASE_FILE} and ${WEIGHTS_FILE}; exit code 1 when a stage differs by more than ${TOLERANCE}`,
    ],
  ],
  options: (parser) =>
    parser.positional('folder', {
      type: 'string',
      demandOption: true,
      describe: `folder with ${CASE_FILE} and ${WEIGHTS_FILE}`,
    }),
  run: async ({ folder, backend }, reporter) => {
    const path = join(folder, CASE_FILE);
    const reference = parseParityCase(await readCase(path), path);
    const weights = await readSafetensors(join(folder, WEIGHTS_FILE));
    reporter.note(describeBackend(await selectBackend(parseBackendRequest(backend))));
    return { stages: await measureParity(reference, weights, path) };
  },
  text: ({ stages }) =>
    Object.entries(stages)
      .map(
        ([stage, difference]) => `${stage.padEnd(16)}${Number.isInteger(difference) ? difference : difference.toExponential(2)}`,
      )
      .join('\n'),
  failure: ({ stages }) => {
    const over = Object.entries(stages).filter(([, difference]) => difference > TOLERANCE);
    if (over.length === 0) return undefined;
    return new CemError(
      'PARITY_DIFFERS',
      `${over.map(([stage]) => stage).join(', ')} differ from the reference by more than ${TOLERANCE}; the first of them is where to look`,
      { details: { stages } },
    );
  },
});

async function readCase(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CemError('PARITY_CASE_MISSING', `${path} cannot be read; name a folder that the reference's generate.py wrote`, {
      details: { path },
      cause,
    });
  }
}
