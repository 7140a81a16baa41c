// Run by shared-workers.long.test.ts in a process of its own, which stands for a machine: puts documents into a shared collection, says which are acknowledged, and may be killed.
import { Collections } from '../../../recipes/collections/index.ts';
import { useS3Packages } from '../../fixtures/object-store.ts';
import { sharedDocument } from './shared-documents.ts';

/** Documents of one change. */
const TOGETHER = 10;

const [, , folder = '', checkpoint = '', segments = '', numbers = '[]'] = process.argv;
useS3Packages();
const database = process.env['CEM_TEST_DATABASE_URL']!;
await using collections = await Collections.open({ folder, checkpoint, backend: 'cpu', database, segments });
const live = await collections.get('shared');
const wanted = JSON.parse(numbers) as number[];
process.stdout.write('ready\n');
for (let first = 0; first < wanted.length; first += TOGETHER) {
  const some = wanted.slice(first, first + TOGETHER);
  const { put } = await live.change({ put: some.map(sharedDocument) });
  for (const { problem } of put) if (problem) throw new Error(problem.message);
  process.stdout.write(`${JSON.stringify(some)}\n`);
}
