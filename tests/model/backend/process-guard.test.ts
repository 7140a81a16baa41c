import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadProcessGuard } from '../../../model/backend/process-guard.ts';
import type { SignalFindings } from './signals-child.ts';

const test = suite('model/backend/process-guard');
const child = fileURLToPath(new URL('./signals-child.ts', import.meta.url));

/** Whether `npm run native` has built the guard. */
function guardThere(): boolean {
  const require = createRequire(import.meta.url);
  return ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].some((name) => loadProcessGuard(require, name) !== undefined);
}

/** Sends signals to a process that multiplies, thousands of them, until it says what it found. */
async function multiplyUnderSignals(environment: NodeJS.ProcessEnv): Promise<{ code: number | null; findings?: SignalFindings }> {
  const running = spawn(process.execPath, ['--import', 'tsx', child], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(running, 'exit') as Promise<[number | null]>;
  let sender: NodeJS.Timeout | undefined;
  let findings: SignalFindings | undefined;
  for await (const line of createInterface({ input: running.stdout })) {
    if (line === 'ready') {
      sender = setInterval(() => {
        for (let count = 0; count < 3; count++) running.kill('SIGUSR2');
      }, 1);
    } else {
      clearInterval(sender);
      findings = JSON.parse(line) as SignalFindings;
    }
  }
  clearInterval(sender);
  const [code] = await ended;
  return { code, ...(findings && { findings }) };
}

// Without the guard, either ends within some hundred signals: in a crash, or in other numbers.
for (const [processor, environment] of [
  ['this one', {}],
  ['one with AVX2 alone', { ONEDNN_MAX_CPU_ISA: 'AVX2' }],
] as const) {
  test(`signals do not harm products of TensorFlow: on ${processor}`, async () => {
    if (!guardThere()) {
      console.log('skipped: signals under TensorFlow, which `npm run native` builds here');
      return;
    }
    const { code, findings } = await multiplyUnderSignals(environment);
    assert.is(code, 0);
    assert.ok(findings!.signals >= 1_000 && findings!.products >= 1_500, JSON.stringify(findings));
    assert.is(findings!.wrong, 0);
  });
}

test.run();
