// Run by segments-kill.test.ts in a process of its own: makes one change after the other, says when each begins, and is killed.
import { makeChange } from './change-sequence.ts';

const [, , folder = '', first = '0'] = process.argv;
for (let step = Number(first); ; step++) {
  process.stdout.write(`${step}\n`);
  await makeChange(folder, step);
}
