import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** A file that a document shows. */
export interface ShownFile {
  /** In the collection. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A document's file, as it is found. */
interface ShowingFile {
  readonly path: string;
  readonly location: string | Buffer;
}

/** Finds what documents show: files beside them, below their root. */
export interface ShownFiles {
  /** Where a reference leads, in the collection's paths; undefined where it leads out of the root. */
  pathOf(reference: string): string | undefined;
  /** Undefined where there is none, or none that may be read. */
  read(path: string): Promise<ShownFile | undefined>;
}

/**
 * Nothing is read outside of the folder of the document's root, or of its own where the file is a root by itself.
 *
 * @param most bytes of a file
 * @returns undefined where the document's path is no UTF-8, so that nothing leads from it
 */
export function shownFiles({ path, location: found }: ShowingFile, most: number): ShownFiles | undefined {
  const location = found.toString();
  if (typeof found !== 'string' && !Buffer.from(location).equals(found)) return undefined;
  const slash = path.indexOf('/');
  const inside = slash < 0 ? '' : path.slice(slash + 1);
  const file = resolve(location);
  const root = slash < 0 ? dirname(file) : file.slice(0, Math.max(1, file.length - inside.length - 1));
  const name = slash < 0 ? '' : path.slice(0, slash);
  return {
    pathOf(reference) {
      const target = decoded(reference.replace(/[?#].*$/s, ''));
      if (target === '' || target.includes('\0')) return undefined;
      const found = relative(root, target.startsWith('/') ? join(root, target) : resolve(dirname(file), target));
      if (found === '' || found === '..' || found.startsWith(`..${sep}`)) return undefined;
      return [name, ...found.split(sep)].filter((part) => part !== '').join('/');
    },
    async read(shown) {
      const target = join(root, name === '' ? shown : shown.slice(name.length + 1));
      try {
        // A link may lead out of the root.
        const [real, realRoot] = [await realpath(target), await realpath(root)];
        if (!real.startsWith(realRoot.endsWith(sep) ? realRoot : `${realRoot}${sep}`)) return undefined;
        const status = await stat(real);
        if (!status.isFile() || status.size > most) return undefined;
        return { path: shown, bytes: await readFile(real) };
      } catch {
        return undefined;
      }
    },
  };
}

/** As the list of files has it: empty where there is no such file. */
export function shownHash(file: ShownFile | undefined): string {
  return file === undefined ? '' : createHash('sha256').update(file.bytes).digest('hex');
}

function decoded(reference: string): string {
  try {
    return decodeURIComponent(reference);
  } catch {
    return reference;
  }
}
