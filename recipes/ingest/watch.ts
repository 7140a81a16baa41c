import { watch } from 'node:fs';
import { join, sep } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isCemError, messageOf, silentListener } from '../../base/index.ts';
import { ingest } from './ingest.ts';
import type { IngestOptions, IngestResult } from './ingest-options.ts';

/** After a change nothing may happen for so long before files are read: editors write in several steps, archives are unpacked file by file. */
const QUIET_MS = 500;
/** Where the system tells of no changes, files are looked at so often. */
const POLL_MS = 10_000;

/**
 * Ingests, and again whenever something changes below the paths, until the signal is aborted. What one ingestion says is given to `onResult`; one that fails (the collection is being
 * searched, a disk is full) is told to the listener and tried again.
 *
 * @throws what the first ingestion throws
 */
export async function watchAndIngest(
  options: IngestOptions & { readonly signal: AbortSignal },
  onResult: (result: IngestResult) => void | Promise<void>,
): Promise<void> {
  const { signal, listener = silentListener } = options;
  const first = await ingest(options);
  await onResult(first);
  const changes = new Changes(
    first.roots.flatMap(({ path }) => path ?? []),
    first.collection,
    (line) => listener.note(line),
  );
  try {
    while (await changes.next(signal)) {
      try {
        const result = await ingest({ ...options, forget: [] });
        if (result.index !== undefined) await onResult(result);
      } catch (error) {
        if (signal.aborted) return;
        if (!isCemError(error)) throw error;
        listener.note(`${error.message}; trying again in ${POLL_MS / 1000} s`);
        await wait(POLL_MS, undefined, { signal }).catch(() => undefined);
        changes.again();
      }
    }
  } finally {
    changes.close();
  }
}

/** Says when something changed below some paths and then was quiet. */
class Changes {
  readonly #watchers: { close(): void }[] = [];
  #changed = false;
  #last = 0;
  #wake: () => void = () => {};

  /** @param own the collection, whose own changes are none */
  constructor(paths: readonly string[], own: string, note: (line: string) => void) {
    for (const path of paths) {
      try {
        const watcher = watch(path, { recursive: true }, (_, name) => {
          if (name === null || !`${join(path, name)}${sep}`.startsWith(`${own}${sep}`)) this.#tell();
        });
        watcher.on('error', (error) => this.#poll(path, error, note));
        this.#watchers.push(watcher);
      } catch (error) {
        this.#poll(path, error, note);
      }
    }
  }

  #poll(path: string, error: unknown, note: (line: string) => void): void {
    note(`${path} is looked at every ${POLL_MS / 1000} s, since the system does not tell of its changes (${messageOf(error)})`);
    const timer = setInterval(() => this.#tell(), POLL_MS);
    this.#watchers.push({ close: () => clearInterval(timer) });
  }

  #tell(): void {
    this.#changed = true;
    this.#last = performance.now();
    this.#wake();
  }

  again(): void {
    this.#tell();
  }

  /** Resolves with true after changes, with false once the signal is aborted. */
  async next(signal: AbortSignal): Promise<boolean> {
    const aborted = () => this.#wake();
    signal.addEventListener('abort', aborted);
    try {
      while (!signal.aborted && !this.#changed)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      for (let left = QUIET_MS; left > 0 && !signal.aborted; left = QUIET_MS - (performance.now() - this.#last))
        await wait(left, undefined, { signal }).catch(() => undefined);
      this.#changed = false;
      return !signal.aborted;
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}
