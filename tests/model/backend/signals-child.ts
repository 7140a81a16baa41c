import { selectBackend, tf } from '../../../model/backend/index.ts';

/** What a process of its own found (run by process-guard.test.ts). */
export interface SignalFindings {
  /** Signals whose handler JavaScript saw: fewer than were sent, since those that wait are one. */
  readonly signals: number;
  readonly products: number;
  /** Products that were not what the first of their kind was. */
  readonly wrong: number;
}

/** The least that says something: without the guard a process ends within some hundred signals. */
const PRODUCTS = 1_500;
const SIGNALS = 1_000;

/** A bound for a machine on which no signal arrives. */
const MILLISECONDS = 60_000;

/** Products of these sizes run on the thread that calls them, by a kernel of oneDNN that uses the stack pointer for its own ends. */
const SHAPES = [
  [24, 256, 24],
  [64, 300, 40],
  [256, 128, 16],
] as const;

/** Multiplies under a handler of SIGUSR2 until there were enough products and signals, however slow the machine is. */
async function multiply(): Promise<SignalFindings> {
  let signals = 0;
  process.on('SIGUSR2', () => signals++);
  await selectBackend('tensorflow');
  process.stdout.write('ready\n');
  const end = performance.now() + MILLISECONDS;
  const first = new Map<number, string>();
  let products = 0;
  let wrong = 0;
  while ((products < PRODUCTS || signals < SIGNALS) && performance.now() < end) {
    SHAPES.forEach(([rows, inner, columns], index) => {
      const numbers = tf.tidy(() => {
        const a = tf.sin(tf.range(0, rows * inner));
        const b = tf.cos(tf.range(0, inner * columns));
        const one = tf.matMul(a.reshape([inner, rows]), b.reshape([inner, columns]), true, false);
        const stacked = tf.matMul(a.reshape([1, rows, inner]), b.reshape([1, columns, inner]), false, true);
        return tf.concat([one.flatten(), stacked.flatten()]).dataSync();
      });
      const text = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('latin1');
      if (!first.has(index)) first.set(index, text);
      if (text !== first.get(index)) wrong++;
      products += 2;
    });
    // Handlers in JavaScript run between two turns.
    if (products % 300 === 0) await new Promise(setImmediate);
  }
  return { signals, products, wrong };
}

// The last line goes out before the handler is gone, and whoever sends signals stops at it.
process.stdout.write(`${JSON.stringify(await multiply())}\n`);
await new Promise((resolve) => setTimeout(resolve, 200));
