import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';

/** A Python that has the packages `openai`, `schemathesis`, `openapi-python-client` and `moto[server]`; .ci/run makes one. */
export const PYTHON = process.env['CEM_PYTHON'];

/** What a program of Python printed, and how it ended. This process goes on meanwhile: what is asked may be a server of it. */
export async function runPython(
  words: readonly string[],
  input = '',
): Promise<{ readonly status: number; readonly output: string }> {
  const child = spawn(PYTHON!, [...words], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // What it keeps is not for the checkout.
    cwd: tmpdir(),
    env: { ...process.env, PYTHONUTF8: '1', NO_COLOR: '1' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => {
      output += piece;
    });
  }
  child.stdin.end(input);
  const [status] = (await once(child, 'close')) as [number];
  return { status, output };
}
