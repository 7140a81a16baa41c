import { type SpawnOptions, spawn } from 'node:child_process';

/** How a command ended; a command that could not be started has status -1 and the reason in `output`. */
export interface CommandResult {
  readonly status: number;
  /** Standard output alone. */
  readonly stdout: string;
  /** Standard output and standard error in the order in which they came. */
  readonly output: string;
}

/** Runs a program without a shell and collects what it says. Never rejects: a program that is not there is an answer too. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: SpawnOptions & { timeoutMs?: number } = {},
): Promise<CommandResult> {
  const { timeoutMs, ...spawnOptions } = options;
  return new Promise((resolve) => {
    const child = spawn(program, [...args], {
      ...spawnOptions,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Not spawn's own limit, which keeps the process alive where the program does not exist.
    const limit = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let stdout = '';
    let output = '';
    child.stdout?.on('data', (piece: Buffer) => {
      stdout += piece.toString();
      output += piece.toString();
    });
    child.stderr?.on('data', (piece: Buffer) => {
      output += piece.toString();
    });
    child.on('error', (error) => {
      clearTimeout(limit);
      resolve({ status: -1, stdout, output: error.message });
    });
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      if (signal !== null)
        output += `\nended by ${signal}${timeoutMs === undefined ? '' : ` (time limit ${timeoutMs / 1000} s)`}`;
      resolve({ status: code ?? 1, stdout, output });
    });
  });
}

/** The last lines of a long output: enough to see what went wrong. */
export function lastLines(output: string, count = 12): string {
  return output.trimEnd().split('\n').slice(-count).join('\n');
}
