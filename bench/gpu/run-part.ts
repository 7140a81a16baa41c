import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { Part } from './parts.ts';

/** How a part ended. `left out`: no time was left for it. */
type PartStatus = 'done' | 'failed' | 'time limit' | 'left out';

export interface PartResult {
  readonly name: string;
  readonly status: PartStatus;
  /** By the clock. */
  readonly seconds: number;
  /** The objects that it printed, one a line. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** The end of what it said where it did not end well. */
  readonly said?: string;
}

/** Characters of a failed part's output that are kept. */
const KEPT = 4000;
/** A program that does not end when it is asked to. */
const GRACE_MS = 3000;

function parseLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Sums and failures that the tests' runner prints at its end; where it was stopped, what it had printed. */
export function readTestSums(output: string): Record<string, unknown> {
  const plain = stripVTControlCharacters(output);
  const sums = (label: string): number =>
    [...plain.matchAll(new RegExp(`^\\s*${label}:\\s+(\\d+)`, 'gm'))].reduce((sum, match) => sum + Number(match[1]), 0);
  const failures = [...plain.matchAll(/^\s*FAIL\s+(.+)$/gm)].map((match) => match[1]!.trim());
  return { total: sums('Total'), passed: sums('Passed'), skipped: sums('Skipped'), failures };
}

/**
 * Runs a part to its end or to its limit, when it and all that it started are stopped; so they are when this process exits. Never rejects: how it ended is the result.
 *
 * @param seconds limit, where less is left than the part's own
 * @param onLine each object that it prints, at once
 */
export function runPart(
  part: Part,
  seconds: number,
  onLine: (line: Readonly<Record<string, unknown>>) => void,
): Promise<PartResult> {
  const start = performance.now();
  const lines: Record<string, unknown>[] = [];
  const take = (line: Record<string, unknown>): void => {
    const whole = { ...part.facts, ...line };
    lines.push(whole);
    onLine(whole);
  };
  return new Promise((resolve) => {
    const child = spawn(part.command, [...part.args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...part.environment },
      // A group of its own, so that what it started ends with it.
      detached: true,
    });
    let [output, pending, late] = ['', '', false];
    const kill = (signal: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // Gone.
      }
    };
    const leave = (): void => kill('SIGKILL');
    process.once('exit', leave);
    const stop = setTimeout(() => {
      late = true;
      kill('SIGTERM');
      setTimeout(() => kill('SIGKILL'), GRACE_MS).unref();
    }, Math.min(seconds, part.seconds) * 1000);
    const end = (status: PartStatus, said?: string): void => {
      clearTimeout(stop);
      process.off('exit', leave);
      kill('SIGKILL');
      if (part.isTests) take(readTestSums(output));
      const result = { name: part.name, status, seconds: (performance.now() - start) / 1000, lines };
      resolve(said === undefined ? result : { ...result, said });
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      pending += text;
      const whole = pending.split('\n');
      pending = whole.pop()!;
      for (const line of whole) {
        const object = parseLine(line);
        if (object) take(object);
      }
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', (error) => end('failed', error.message));
    child.once('close', (code, signal) => {
      const object = parseLine(pending);
      if (object) take(object);
      if (late) end('time limit', output.slice(-KEPT));
      else if (code === 0) end('done');
      else end('failed', `${code === null ? signal : `exit status ${code}`}: ${output.slice(-KEPT)}`);
    });
  });
}
