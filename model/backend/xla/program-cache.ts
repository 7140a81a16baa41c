import { createHash } from 'node:crypto';
import { type CompileRequest, executableCache, type PjrtClient, type PjrtExecutable } from './pjrt/index.ts';

/** Programs kept in memory; a training has one for each shape of a batch. */
const KEPT = 256;

/** Programs by their text: those used last are in memory, all are on disk. */
export class ProgramCache {
  readonly #client: PjrtClient;
  readonly #disk = executableCache();
  readonly #programs = new Map<string, PjrtExecutable>();

  constructor(client: PjrtClient) {
    this.#client = client;
  }

  /** Programs made so far: compiled, or loaded from disk. */
  get compilations(): number {
    return this.#disk.counts.compiled + this.#disk.counts.loaded;
  }

  /** A program of the caller's own. */
  compile(text: string, request?: CompileRequest): PjrtExecutable {
    return this.#disk.compile(this.#client, text, request).executable;
  }

  /** The program of a text, which stays the cache's. */
  get(text: string): PjrtExecutable {
    const key = createHash('sha256').update(text).digest('base64');
    const program = this.#programs.get(key) ?? this.compile(text);
    // The one used last stands last.
    this.#programs.delete(key);
    this.#programs.set(key, program);
    for (const [oldest, old] of this.#programs) {
      if (this.#programs.size <= KEPT) break;
      this.#programs.delete(oldest);
      old.dispose();
    }
    return program;
  }

  clear(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
  }
}
