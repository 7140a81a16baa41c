// Run by ingest-full.test.ts in a process of its own, which may write no large files.
import { isCemError } from '../../../base/index.ts';
import { ingest } from '../../../recipes/ingest/index.ts';

const [, , files = '', collection = '', checkpoint = ''] = process.argv;
try {
  await ingest({ paths: [files], into: collection, checkpoint, backend: 'cpu' });
} catch (error) {
  process.stdout.write(isCemError(error) ? `${error.code}: ${error.message}\n` : `unexpected: ${String(error)}\n`);
  process.exitCode = 1;
}
