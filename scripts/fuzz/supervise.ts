import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './zpkg-check.ts';

export interface FuzzFinding {
  /** The case; with the seed it gives the input again. */
  readonly number: number;
  readonly finding: string;
}

export interface FuzzReport {
  readonly cases: number;
  readonly seconds: number;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly findings: readonly FuzzFinding[];
}

export interface FuzzOptions {
  readonly seed: number;
  /** First case; 0 by default. */
  readonly first?: number;
  readonly count: number;
  /** A case that is still at work after so long hangs; by default 10 s, far over the 1 s of processor time that the cases themselves are held to. */
  readonly hangMs?: number;
  /** Program that runs the cases; tests put one here that crashes and hangs. */
  readonly program?: string;
  readonly onProgress?: (done: number, total: number) => void;
  readonly onFinding?: (finding: FuzzFinding) => void;
}

/** More than this many say nothing new: the run ends. */
const MOST_FINDINGS = 100;
const WATCH_INTERVAL_MS = 250;
/** In the folder of a run: the number of the case that is at work, as a double. */
const CASE_FILE = 'case';
const PROGRAM = fileURLToPath(new URL('./run-cases.ts', import.meta.url));

type Line = FuzzFinding | { readonly counts: Record<Outcome, number>; readonly next: number };

/** Runs cases in a process of their own, which is started again behind a case that crashes it or hangs. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const start = performance.now();
  const first = options.first ?? 0;
  const end = first + options.count;
  const folder = await mkdtemp(join(tmpdir(), 'cem-fuzz-'));
  const findings: FuzzFinding[] = [];
  const counts: Record<Outcome, number> = { refused: 0, accepted: 0, parserOnly: 0, programOnly: 0 };
  const found = (finding: FuzzFinding): void => {
    findings.push(finding);
    options.onFinding?.(finding);
  };
  let next = first;
  try {
    while (next < end && findings.length < MOST_FINDINGS) {
      const trouble = await runProcess(options, next, end, folder, (line) => {
        if ('finding' in line) {
          found(line);
          return;
        }
        for (const outcome of Object.keys(counts) as Outcome[]) counts[outcome] += line.counts[outcome];
        options.onProgress?.(line.next - first, options.count);
      });
      if (trouble === null) break;
      found(trouble);
      next = trouble.number + 1;
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return { cases: options.count, seconds: (performance.now() - start) / 1000, counts, findings };
}

/** @returns null when the process came to the end, else the case that stopped it */
function runProcess(
  options: FuzzOptions,
  first: number,
  end: number,
  folder: string,
  onLine: (line: Line) => void,
): Promise<FuzzFinding | null> {
  // What the process before this one wrote: while this one starts, nothing is at work.
  rmSync(join(folder, CASE_FILE), { force: true });
  const words = ['--import', import.meta.resolve('tsx'), options.program ?? PROGRAM];
  const child = spawn(process.execPath, [...words, ...[options.seed, first, end].map(String), folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (piece: Buffer) => {
    errors = (errors + piece.toString()).slice(-2000);
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => onLine(JSON.parse(line) as Line));
  let hangs = false;
  let current = Number.NaN;
  let since = performance.now();
  const watch = setInterval(() => {
    const number = caseAtWork(folder) ?? Number.NaN;
    const now = performance.now();
    if (!Object.is(number, current)) {
      current = number;
      since = now;
    } else if (!Number.isNaN(number) && now - since > (options.hangMs ?? 10_000)) {
      hangs = true;
      child.kill('SIGKILL');
    }
  }, WATCH_INTERVAL_MS);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(watch);
      if (code === 0) {
        resolve(null);
        return;
      }
      const number = caseAtWork(folder) ?? first;
      const how = hangs ? 'it hangs' : `the process ended (${signal ?? `exit code ${code}`})`;
      resolve({ number, finding: `${how} ${errors.trim().split('\n').slice(-8).join(' ')}`.trim() });
    });
  });
}

/** The case that the process wrote down last, or null when it has none yet. */
function caseAtWork(folder: string): number | null {
  try {
    const bytes = readFileSync(join(folder, CASE_FILE));
    return bytes.length === 8 ? bytes.readDoubleLE(0) : null;
  } catch {
    return null;
  }
}
