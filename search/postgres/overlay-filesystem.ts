import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BaseFilesystem, ERRNO_CODES, type FsStats } from '@electric-sql/pglite/basefs';

/** Changed parts of files are kept in pieces of this size: PostgreSQL's page. */
const PAGE_BYTES = 8192;
const DIRECTORY_MODE = 0o040_700;
const FILE_MODE = 0o100_600;
const FILE_TYPE_BITS = 0o170_000;

interface Times {
  accessed: number;
  modified: number;
}

interface DirectoryNode {
  readonly kind: 'directory';
  mode: number;
  readonly times: Times;
  readonly entries: Map<string, TreeNode>;
}

/** A file: bytes on disk, over which lie the pages that were written since. */
interface FileNode {
  readonly kind: 'file';
  mode: number;
  readonly times: Times;
  size: number;
  /** Where its bytes lie on disk; absent for a file that was made here. */
  readonly path?: string;
  /** Bytes of the file on disk that still count: what was cut off once reads as zeros after the file grows again. */
  diskBytes: number;
  readonly pages: Map<number, Uint8Array>;
  descriptor?: number;
  handles: number;
}

type TreeNode = DirectoryNode | FileNode;

/** Fails as PGlite's file system interface wants it: with emscripten's number as code. */
function failure(code: keyof typeof ERRNO_CODES, path: string): Error & { code: number } {
  return Object.assign(new Error(`${code}: ${path}`), { code: ERRNO_CODES[code] });
}

const now = (): Times => ({ accessed: Date.now(), modified: Date.now() });

function readTree(folder: string): DirectoryNode {
  const entries = new Map<string, TreeNode>();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) entries.set(entry.name, readTree(path));
    else if (entry.isFile()) {
      const { size, mtimeMs } = statSync(path);
      const times = { accessed: mtimeMs, modified: mtimeMs };
      entries.set(entry.name, {
        kind: 'file',
        mode: FILE_MODE,
        times,
        size,
        path,
        diskBytes: size,
        pages: new Map(),
        handles: 0,
      });
    }
  }
  return { kind: 'directory', mode: DIRECTORY_MODE, times: now(), entries };
}

/**
 * A folder as PGlite sees it when it must not change: reads come from the disk, what is written stays in this process' memory, page by page, and is gone when
 * it closes. So any number of processes open one database's files at the same time, each with its own lock file, log and statistics, at the cost of the pages
 * that a session writes (a few MB). Nobody may change the files meanwhile.
 */
export class OverlayFilesystem extends BaseFilesystem {
  readonly #root: DirectoryNode;
  readonly #handles = new Map<number, FileNode>();
  // 0 would read as "not open" in PGlite.
  #nextHandle = 1;

  /** @param folder what is read; it is listed now */
  constructor(folder: string) {
    super();
    this.#root = readTree(folder);
  }

  override async closeFs(): Promise<void> {
    for (const node of this.#handles.values()) closeDescriptor(node);
    this.#handles.clear();
  }

  #find(path: string): TreeNode {
    let node: TreeNode = this.#root;
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue;
      if (node.kind !== 'directory') throw failure('ENOTDIR', path);
      const next = node.entries.get(name);
      if (next === undefined) throw failure('ENOENT', path);
      node = next;
    }
    return node;
  }

  #findFile(path: string): FileNode {
    const node = this.#find(path);
    if (node.kind !== 'file') throw failure('EISDIR', path);
    return node;
  }

  /** The folder that a path lies in, and its last name. */
  #place(path: string): { parent: DirectoryNode; name: string } {
    const end = path.lastIndexOf('/');
    const parent = this.#find(path.slice(0, Math.max(end, 0)));
    if (parent.kind !== 'directory') throw failure('ENOTDIR', path);
    return { parent, name: path.slice(end + 1) };
  }

  #handle(number: number): FileNode {
    const node = this.#handles.get(number);
    if (node === undefined) throw failure('EBADF', String(number));
    return node;
  }

  chmod(path: string, mode: number): void {
    const node = this.#find(path);
    node.mode = (node.mode & FILE_TYPE_BITS) | (mode & ~FILE_TYPE_BITS);
  }

  lstat(path: string): FsStats {
    return stats(this.#find(path));
  }

  fstat(handle: number): FsStats {
    return stats(this.#handle(handle));
  }

  mkdir(path: string, options?: { recursive?: boolean; mode?: number }): void {
    const { parent, name } = this.#place(path);
    if (parent.entries.has(name)) {
      if (options?.recursive) return;
      throw failure('EEXIST', path);
    }
    parent.entries.set(name, { kind: 'directory', mode: DIRECTORY_MODE, times: now(), entries: new Map() });
  }

  readdir(path: string): string[] {
    const node = this.#find(path);
    if (node.kind !== 'directory') throw failure('ENOTDIR', path);
    return ['.', '..', ...node.entries.keys()];
  }

  rmdir(path: string): void {
    const { parent, name } = this.#place(path);
    const node = this.#find(path);
    if (node.kind !== 'directory') throw failure('ENOTDIR', path);
    if (node.entries.size > 0) throw failure('ENOTEMPTY', path);
    parent.entries.delete(name);
  }

  rename(oldPath: string, newPath: string): void {
    const node = this.#find(oldPath);
    const [from, to] = [this.#place(oldPath), this.#place(newPath)];
    from.parent.entries.delete(from.name);
    to.parent.entries.set(to.name, node);
  }

  unlink(path: string): void {
    const { parent, name } = this.#place(path);
    this.#findFile(path);
    parent.entries.delete(name);
  }

  utimes(path: string, accessed: number, modified: number): void {
    Object.assign(this.#find(path).times, { accessed, modified });
  }

  open(path: string): number {
    const node = this.#findFile(path);
    node.handles++;
    this.#handles.set(this.#nextHandle, node);
    return this.#nextHandle++;
  }

  close(handle: number): void {
    const node = this.#handle(handle);
    this.#handles.delete(handle);
    if (--node.handles === 0) closeDescriptor(node);
  }

  /** Makes a file with this content. */
  writeFile(path: string, data: string | Uint8Array, options?: { mode?: number }): void {
    const { parent, name } = this.#place(path);
    const node: FileNode = {
      kind: 'file',
      mode: FILE_MODE,
      times: now(),
      size: 0,
      diskBytes: 0,
      pages: new Map(),
      handles: 0,
    };
    if (options?.mode !== undefined) node.mode = (FILE_MODE & FILE_TYPE_BITS) | (options.mode & ~FILE_TYPE_BITS);
    parent.entries.set(name, node);
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    writeInto(node, bytes, 0);
  }

  truncate(path: string, length: number): void {
    const node = this.#findFile(path);
    node.diskBytes = Math.min(node.diskBytes, length);
    if (length < node.size) {
      const kept = Math.ceil(length / PAGE_BYTES);
      for (const page of node.pages.keys()) if (page >= kept) node.pages.delete(page);
      node.pages.get(kept - 1)?.fill(0, length - (kept - 1) * PAGE_BYTES);
    }
    node.size = length;
  }

  read(handle: number, buffer: Uint8Array, offset: number, length: number, position: number): number {
    const node = this.#handle(handle);
    const end = Math.min(position + length, node.size);
    // PGlite passes its whole memory, as signed bytes, and where in it the bytes go.
    const into = new Uint8Array(buffer.buffer, buffer.byteOffset + offset, Math.max(end - position, 0));
    for (let at = position; at < end; ) {
      const page = Math.floor(at / PAGE_BYTES);
      const changed = node.pages.get(page);
      if (changed) {
        const piece = changed.subarray(at - page * PAGE_BYTES, Math.min(PAGE_BYTES, end - page * PAGE_BYTES));
        into.set(piece, at - position);
        at += piece.length;
        continue;
      }
      let last = page;
      while ((last + 1) * PAGE_BYTES < end && !node.pages.has(last + 1)) last++;
      const stop = Math.min((last + 1) * PAGE_BYTES, end);
      readFromDisk(node, into.subarray(at - position, stop - position), at);
      at = stop;
    }
    return into.length;
  }

  write(handle: number, buffer: Uint8Array, offset: number, length: number, position: number): number {
    // Declared as bytes, passed as the memory that they lie in.
    const memory: ArrayBufferLike = ArrayBuffer.isView(buffer) ? buffer.buffer : buffer;
    writeInto(this.#handle(handle), new Uint8Array(memory, offset, length), position);
    return length;
  }
}

function stats({ kind, mode, times, ...node }: TreeNode): FsStats {
  const size = kind === 'file' && 'size' in node ? node.size : 0;
  return {
    dev: 0,
    ino: 0,
    mode,
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    size,
    blksize: PAGE_BYTES,
    blocks: Math.ceil(size / 512),
    atime: times.accessed,
    mtime: times.modified,
    ctime: times.modified,
  };
}

/** Fills a piece with what the disk has there, and zeros after it. */
function readFromDisk(node: FileNode, into: Uint8Array, position: number): void {
  const wanted = Math.max(0, Math.min(into.length, node.diskBytes - position));
  let done = 0;
  if (node.path !== undefined && wanted > 0) {
    node.descriptor ??= openSync(node.path, 'r');
    while (done < wanted) {
      const read = readSync(node.descriptor, into, done, wanted - done, position + done);
      if (read === 0) break;
      done += read;
    }
  }
  into.fill(0, done);
}

function writeInto(node: FileNode, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const at = position + done;
    const page = Math.floor(at / PAGE_BYTES);
    let content = node.pages.get(page);
    if (content === undefined) {
      content = new Uint8Array(PAGE_BYTES);
      readFromDisk(node, content, page * PAGE_BYTES);
      node.pages.set(page, content);
    }
    const start = at - page * PAGE_BYTES;
    const piece = bytes.subarray(done, done + PAGE_BYTES - start);
    content.set(piece, start);
    done += piece.length;
  }
  node.size = Math.max(node.size, position + bytes.length);
  node.times.modified = Date.now();
  if (node.handles === 0) closeDescriptor(node);
}

function closeDescriptor(node: FileNode): void {
  if (node.descriptor !== undefined) closeSync(node.descriptor);
  delete node.descriptor;
}
