import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CemError } from '../../base/index.ts';

/** One Markdown file. */
export interface MarkdownFile {
  /** Path from the innermost `node_modules`, with `/`: the package's name and the place in it. */
  readonly name: string;
  readonly markdown: string;
}

const MODULES = 'node_modules/';
/** Legal texts say the same in every package; of a list of changes no sentence says much about its neighbours. */
const LEFT_OUT = /^(?:licen[cs]e|copying|notice|third.?party|code.of.conduct|security|governance|change|history|release)/i;

/** The folder of packages that this program runs from. */
export function installedPackages(): string {
  const path = fileURLToPath(import.meta.resolve('zod'));
  return path.slice(0, path.lastIndexOf(`${sep}node_modules${sep}`) + MODULES.length);
}

/**
 * Markdown files below a folder, in the order of their names (UTF-16 units). Of several versions of a package the file that lies least deep stands for all.
 *
 * @throws CemError `DEMO_NO_MARKDOWN`
 */
export async function readMarkdownFiles(folder: string): Promise<MarkdownFile[]> {
  const entries = await readdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new CemError('DEMO_NO_MARKDOWN', `${folder} cannot be read: name a folder with Markdown files by --source`, {
      details: { folder },
      cause,
    });
  });
  const paths = new Map<string, string>();
  for (const entry of entries) {
    const path = entry.split(sep).join('/');
    if (!/\.(?:md|markdown)$/i.test(path)) continue;
    const name = path.slice(path.lastIndexOf(MODULES) === -1 ? 0 : path.lastIndexOf(MODULES) + MODULES.length);
    if (LEFT_OUT.test(name.slice(name.lastIndexOf('/') + 1))) continue;
    const known = paths.get(name);
    if (known === undefined || path.length < known.length || (path.length === known.length && path < known))
      paths.set(name, path);
  }
  if (paths.size === 0) {
    throw new CemError(
      'DEMO_NO_MARKDOWN',
      `${folder} holds no Markdown: run \`npm ci\` first, or name another folder by --source`,
      {
        details: { folder },
      },
    );
  }
  const names = [...paths.keys()].sort();
  return Promise.all(names.map(async (name) => ({ name, markdown: await readFile(join(folder, paths.get(name)!), 'utf8') })));
}
