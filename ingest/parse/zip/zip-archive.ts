import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';
import { CemError, messageOf } from '../../../base/index.ts';

/** What an archive may hold. A bomb says little and unpacks to much: what is unpacked is counted, not what is declared. */
export interface ZipLimits {
  readonly entries: number;
  /** Bytes unpacked of one entry. */
  readonly entryBytes: number;
  /** Bytes unpacked of all entries that are read. */
  readonly bytes: number;
}

const DEFAULT_ZIP_LIMITS: ZipLimits = { entries: 20_000, entryBytes: 1 << 27, bytes: 1 << 29 };

/** A ZIP archive in memory, whose entries are unpacked when they are asked for. Entries are never written to files, so that their names lead nowhere. */
export class ZipArchive {
  readonly #path: string;
  readonly #file: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #limits: ZipLimits;
  #unpacked = 0;

  private constructor(path: string, file: ZipFile, entries: ReadonlyMap<string, Entry>, limits: ZipLimits) {
    this.#path = path;
    this.#file = file;
    this.#entries = entries;
    this.#limits = limits;
  }

  /** @throws CemError `PARSE_ZIP` for what is no archive, or a damaged one; `PARSE_LIMIT` */
  static async open(bytes: Uint8Array, path: string, limits: Partial<ZipLimits> = {}): Promise<ZipArchive> {
    const most = { ...DEFAULT_ZIP_LIMITS, ...limits };
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const entries = new Map<string, Entry>();
    try {
      const file = await fromBufferPromise(buffer, { lazyEntries: true, autoClose: false });
      for await (const entry of file.eachEntry()) {
        if (entries.size >= most.entries) throw overLimit(path, `has more than ${most.entries} entries`, 'entries', most.entries);
        // Of two of one name, the first counts, as for a reader that stops at it.
        if (!entry.fileName.endsWith('/') && !entries.has(entry.fileName)) entries.set(entry.fileName, entry);
      }
      return new ZipArchive(path, file, entries, most);
    } catch (cause) {
      throw cause instanceof CemError ? cause : damaged(path, messageOf(cause), cause);
    }
  }

  /** Of all files in it, in its own order. */
  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** @throws CemError `PARSE_ZIP` for an entry that is missing or damaged, `PARSE_ENCRYPTED`, `PARSE_LIMIT` */
  async read(name: string): Promise<Buffer> {
    const bytes = await this.readIfThere(name);
    if (bytes === undefined) throw damaged(this.#path, `it has no ${name}`);
    return bytes;
  }

  /** As `read`; undefined when the archive has no such entry. */
  async readIfThere(name: string): Promise<Buffer | undefined> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    if (entry.isEncrypted())
      throw new CemError(
        'PARSE_ENCRYPTED',
        `${this.#path} is protected by a password: take the protection away, or take it out`,
        {
          details: { path: this.#path },
        },
      );
    const pieces: Buffer[] = [];
    let size = 0;
    try {
      const stream = await this.#file.openReadStreamPromise(entry);
      for await (const piece of stream as AsyncIterable<Buffer>) {
        size += piece.length;
        this.#unpacked += piece.length;
        const { entryBytes, bytes } = this.#limits;
        if (size > entryBytes)
          throw overLimit(this.#path, `has in ${name} more than ${entryBytes} bytes`, 'entryBytes', entryBytes);
        if (this.#unpacked > bytes) throw overLimit(this.#path, `unpacks to more than ${bytes} bytes`, 'bytes', bytes);
        pieces.push(piece);
      }
    } catch (cause) {
      throw cause instanceof CemError ? cause : damaged(this.#path, `${name}: ${messageOf(cause)}`, cause);
    }
    return Buffer.concat(pieces);
  }
}

function damaged(path: string, what: string, cause?: unknown): CemError {
  return new CemError(
    'PARSE_ZIP',
    `${path} is no whole archive (${what}): it is cut off or damaged; make or fetch it again, or take it out`,
    {
      details: { path },
      ...(cause !== undefined && { cause }),
    },
  );
}

function overLimit(path: string, what: string, limit: string, most: number): CemError {
  return new CemError('PARSE_LIMIT', `${path} ${what} when it is unpacked, which no document needs: take it out`, {
    details: { path, limit, most },
  });
}
