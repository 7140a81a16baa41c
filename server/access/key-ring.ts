import { stat } from 'node:fs/promises';
import { idOfKey, isKeyOf } from './api-key.ts';
import { type KeyEntry, readKeys } from './keys-file.ts';

/** How long what was read counts, in milliseconds: a key that was removed is refused so much later at most. */
const FRESH_MS = 500;

/** The keys of a file, read again when the file has changed. */
export class KeyRing {
  readonly path: string;
  readonly #freshMs: number;
  #keys: ReadonlyMap<string, KeyEntry> = new Map();
  #stamp = '';
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #isAsked: boolean;

  /**
   * @param required whether keys are asked for where there is no file; otherwise from when on there was one, also when it is gone again
   * @param freshMs milliseconds between two looks at the file
   */
  constructor(
    path: string,
    { required = true, freshMs = FRESH_MS }: { readonly required?: boolean; readonly freshMs?: number } = {},
  ) {
    this.path = path;
    this.#isAsked = required;
    this.#freshMs = freshMs;
  }

  /** Whether requests need a key. @throws FormatError `KEYS_FILE` */
  async isAsked(): Promise<boolean> {
    await this.#refresh();
    return this.#isAsked;
  }

  /**
   * The entry of a key; undefined for one that is not there, or has expired. Of a file that is gone there are no keys.
   *
   * @throws FormatError `KEYS_FILE`: nobody is let in by a file that cannot be read
   */
  async find(key: string): Promise<KeyEntry | undefined> {
    await this.#refresh();
    const entry = this.#keys.get(idOfKey(key) ?? '');
    if (!isKeyOf(key, entry) || entry === undefined) return undefined;
    return entry.expires !== undefined && Date.parse(entry.expires) <= Date.now() ? undefined : entry;
  }

  async #refresh(): Promise<void> {
    if (performance.now() - this.#lookedAt <= this.#freshMs) return;
    this.#looking ??= this.#look();
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const stamp = await stampOf(this.path);
      if (stamp !== this.#stamp) {
        this.#keys = new Map();
        this.#stamp = '';
        if (stamp !== NO_FILE) this.#isAsked = true;
        const keys = (await readKeys(this.path)) ?? [];
        this.#keys = new Map(keys.map((entry) => [entry.id, entry]));
        this.#stamp = stamp;
      }
      this.#lookedAt = performance.now();
    } finally {
      this.#looking = undefined;
    }
  }
}

const NO_FILE = 'none';

/** What differs when the file was written again. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return NO_FILE;
  }
}
