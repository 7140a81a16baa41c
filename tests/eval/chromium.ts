import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The Chromium on PATH (Debian: package chromium), or the program that CEM_TEST_CHROMIUM names; undefined where there is none. */
export function findChromium(): string | undefined {
  const named = process.env['CEM_TEST_CHROMIUM'];
  const names = named === undefined ? NAMES : [named];
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** Runs Chromium without a window and without a network, in a profile of its own, and gives what it prints. */
export function runChromium(program: string, ...words: string[]): string {
  const profile = mkdtempSync(join(tmpdir(), 'cem-chromium-'));
  try {
    const { status, stdout, stderr, error } = spawnSync(
      program,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--hide-scrollbars',
        '--disable-background-networking',
        '--host-resolver-rules=MAP * ~NOTFOUND',
        `--user-data-dir=${profile}`,
        ...words,
      ],
      { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 300_000 },
    );
    if (status === 0) return stdout;
    throw new TypeError(`${program} ended with ${status ?? error?.message}: ${stderr.slice(-500)}`);
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
