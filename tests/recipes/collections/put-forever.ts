// Run by live-kill.test.ts in a process of its own: puts and removes documents one after the other, says what was acknowledged, and is killed.
import { Collections } from '../../../recipes/collections/index.ts';
import { changesAt } from './put-sequence.ts';

const [, , folder = '', checkpoint = '', first = '0'] = process.argv;
const collections = await Collections.open({ folder, checkpoint, backend: 'cpu' });
const live = await collections.get('killed');
for (let step = Number(first); ; step++) {
  process.stdout.write(`${step} begins\n`);
  // Several at once, so that some are taken together.
  await Promise.all(
    changesAt(step).map(async (change, part) => {
      await live.change(change, { onProgress: (_done, _total, stage) => process.stdout.write(`${step} ${stage}\n`) });
      process.stdout.write(`${step} acknowledged ${part}\n`);
    }),
  );
  await live.search('beacon', { k: 3, labels: 'everything' });
}
