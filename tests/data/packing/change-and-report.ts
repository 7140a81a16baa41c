// Run by full-disk.test.ts in a process of its own that cannot write large files: makes one change and says with which code it failed.

import { CemError, keepInput } from '../../../base/index.ts';
import { addToCorpus, compactCorpus, packCorpus, readCorpus } from '../../../data/index.ts';

const [, , action, path = '', input = ''] = process.argv;
try {
  if (action === 'pack')
    await packCorpus(() => readCorpus(input), path, { level: 1, dictionarySize: 0, workers: 1, force: true });
  else if (action === 'add') await addToCorpus(path, () => readCorpus(input), { workers: 1 });
  else if (action === 'compact') await compactCorpus(path);
  else await keepInput(process.stdin);
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stdout.write(`${error.code}: ${error.message}`);
}
