import { removeKey } from '../../server/access/index.ts';
import { defineCommand } from '../command.ts';
import { type KeysPlace, keysPath, keysPlaceOptions, type ShownKey, shownKey } from './keys-place.ts';

interface KeysRemoveOptions extends KeysPlace {
  readonly key: string;
}

export const keysRemoveCommand = defineCommand<KeysRemoveOptions, ShownKey>({
  command: 'remove <key>',
  describe: 'Remove a key: a running server refuses it within a second',
  examples: [['keys remove --collections library reader', 'by its name, or its id']],
  options: (parser) =>
    parser.positional('key', { type: 'string', demandOption: true, describe: 'name or id of the key' }).options(keysPlaceOptions),
  run: async ({ key, ...place }) => shownKey(await removeKey(keysPath(place), key)),
  text: ({ id, name }) => `removed the key ${id} of ${name}`,
});
