import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { codeOf, ROOT } from './imports.ts';

/** What a door gives away. */
interface Door {
  /** As it is imported: `cem-rag/search`. */
  readonly name: string;
  /** Its file, from the repository's root. */
  readonly path: string;
  readonly values: readonly string[];
  readonly types: readonly string[];
}

/** The doors that the package has, in the order of their names. */
export function publicDoors(): Door[] {
  const { name, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | { readonly 'cem-source': string }>>;
  };
  return Object.entries(exports)
    .flatMap(([door, targets]) => {
      if (typeof targets === 'string') return [];
      const path = targets['cem-source'].slice('./'.length);
      return [{ name: `${name}${door.slice(1)}`, path, ...namesOf(path) }];
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The names that a door's file exports, from its text: types leave no trace at run time. */
function namesOf(path: string): Pick<Door, 'values' | 'types'> {
  const code = codeOf(path);
  assert.not.match(code, /export \*/, `${path}: a door names what it gives`);
  const values: string[] = [];
  const types: string[] = [];
  for (const [, allTypes, list] of code.matchAll(/export (type )?\{([^}]*)\}/g)) {
    for (const item of list!.split(',').map((part) => part.trim())) {
      if (item === '') continue;
      const isType = allTypes !== undefined || item.startsWith('type ');
      const name = item
        .replace(/^type /, '')
        .split(' as ')
        .at(-1)!;
      (isType ? types : values).push(name);
    }
  }
  for (const [, kind, name] of code.matchAll(/export (?:async )?(const|function|class|interface|type) (\w+)/g))
    (kind === 'interface' || kind === 'type' ? types : values).push(name!);
  return { values: values.sort(), types: types.sort() };
}

/** The doors as they are committed: a line for each door, its values, its types. */
export function doorList(): string {
  return publicDoors()
    .map(({ name, values, types }) =>
      [name, ...values.map((value) => `  ${value}`), ...types.map((type) => `  type ${type}`), ''].join('\n'),
    )
    .join('\n');
}
