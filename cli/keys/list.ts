import { formatTable } from '../../base/index.ts';
import { readKeys } from '../../server/access/index.ts';
import { defineCommand } from '../command.ts';
import { type KeysPlace, keysPath, keysPlaceOptions, type ShownKey, shownKey } from './keys-place.ts';

/** What `cem keys list` prints as JSON. */
interface KeysList {
  readonly file: string;
  readonly keys: readonly ShownKey[];
}

const COLUMNS = ['id', 'name', 'scope', 'labels', 'created', 'expires'];

export const keysListCommand = defineCommand<KeysPlace, KeysList>({
  command: 'list',
  describe: 'List the keys: whose they are, and what each may do',
  examples: [['keys list --collections library', 'those of the server of this folder']],
  options: (parser) => parser.options(keysPlaceOptions),
  run: async (place) => {
    const file = keysPath(place);
    return { file, keys: ((await readKeys(file)) ?? []).map(shownKey) };
  },
  text: ({ file, keys }) => {
    if (keys.length === 0) return `no keys in ${file}`;
    const rows = keys.map(({ id, name, scope, labels, created, expires, expired }) => [
      id,
      name,
      scope,
      labels === 'everything' ? '(all)' : labels.join(' ') || '-',
      created.slice(0, 10),
      expires === undefined ? '-' : `${expires.slice(0, 10)}${expired ? ' (over)' : ''}`,
    ]);
    return formatTable(COLUMNS, rows, { left: COLUMNS.length });
  },
});
