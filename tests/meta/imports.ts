import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One `import` or `export … from` of a file of ours, types included; both are paths from the repository's root. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** TypeScript files below a folder, as paths from the repository's root. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .sort();
}

/** A file's text without its comments. */
export function codeOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** Every import of a file of ours: static ones, of types too, and `import('…')`. */
export function arrowsOf(path: string): Arrow[] {
  return [...codeOf(path).matchAll(/\b(?:from\s+|import\s*\(\s*|import\s+)'(\.[^']+)'/g)].map(([, specifier]) => ({
    from: path,
    to: normalize(join(dirname(path), specifier!)),
  }));
}

export const topFolder = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');

/** The circles of a graph, each as its nodes (Tarjan's strongly connected components of more than one node). */
export function circles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const numbers = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    numbers.set(node, numbers.size);
    low.set(node, numbers.get(node)!);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!numbers.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node)!, low.get(next)!));
      } else if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, numbers.get(next)!));
    }
    if (low.get(node) !== numbers.get(node)) return;
    const members = stack.splice(stack.indexOf(node));
    if (members.length > 1) found.push(members.sort());
  };
  for (const node of edges.keys()) if (!numbers.has(node)) visit(node);
  return found;
}

/** Edges between what `name` makes of both ends of each arrow, without those from a node to itself. */
export function graphOf(arrows: readonly Arrow[], name: (path: string) => string): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of arrows) {
    const [source, target] = [name(from), name(to)];
    if (source === target) continue;
    edges.set(source, (edges.get(source) ?? new Set()).add(target));
  }
  return edges;
}
