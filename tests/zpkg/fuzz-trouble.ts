// Stands in for scripts/fuzz/run-cases.ts: crashes at case 3, hangs at case 5.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [first, end] = process.argv.slice(3, 5).map(Number) as [number, number];
const number = Buffer.alloc(8);
for (let at = first; at < end; at++) {
  number.writeDoubleLE(at);
  writeFileSync(join(process.argv[5]!, 'case'), number);
  if (at === 3) process.kill(process.pid, 'SIGSEGV');
  // A wait that nothing ends and that costs no processor time.
  if (at === 3 || at === 5) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
