// Run by checkpoint.test.ts in a process of its own: saves checkpoints 1, 2, 3, … of one run, keeps two, says each on standard output, and is killed.
import { join } from 'node:path';
import { pruneCheckpoints, saveCheckpoint } from '../../../checkpoints/index.ts';
import { selectBackend } from '../../../model/backend/index.ts';
import { STATE, tinyModel } from '../fixtures.ts';

const [, , run = '', first = '1'] = process.argv;
await selectBackend('cpu');
const model = tinyModel();
for (let step = Number(first); ; step++) {
  await saveCheckpoint(join(run, 'checkpoints', String(step)), model, { ...STATE, step });
  await pruneCheckpoints(run, 2);
  process.stdout.write(`${step}\n`);
}
