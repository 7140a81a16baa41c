/** Trains an entropy model on wasm with one thread, for a test that kills it: `train-child.ts SOURCE RUN [--resume]`. */
import { readCorpus } from '../../../data/index.ts';
import { parseBackendRequest, selectBackend } from '../../../model/backend/index.ts';
import { trainEntropyModel } from '../../../training/index.ts';
import { silent } from '../../fixtures/train-options.ts';
import { tinyEntropyRun } from './tiny-entropy-run.ts';

const [source, run, resume] = process.argv.slice(2) as [string, string, string | undefined];
await selectBackend(parseBackendRequest('wasm'));
const config = tinyEntropyRun({ steps: 40, checkpointEvery: 10 });
await trainEntropyModel(config, {
  run,
  resume: resume === '--resume',
  resolved: config,
  environment: {},
  documents: () => readCorpus(source),
  listener: silent,
});
