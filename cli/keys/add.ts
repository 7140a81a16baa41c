import { UsageError } from '../../base/index.ts';
import { addKey, SCOPES, type Scope } from '../../server/access/index.ts';
import { defineCommand } from '../command.ts';
import { type KeysPlace, keysPath, keysPlaceOptions, labelsText, type ShownKey, shownKey } from './keys-place.ts';

interface KeysAddOptions extends KeysPlace {
  readonly name: string;
  readonly scope: Scope;
  readonly label: string[] | undefined;
  readonly allLabels?: boolean | undefined;
  readonly expires: string | undefined;
}

/** What `cem keys add` prints as JSON. */
interface AddedKey extends ShownKey {
  /** Shown here and never again. */
  readonly key: string;
}

export const keysAddCommand = defineCommand<KeysAddOptions, AddedKey>({
  command: 'add <name>',
  describe: 'Make a key, and print it once: only its hash is kept',
  examples: [
    ['keys add --collections library reader', 'finds and reads documents that have no labels'],
    ['keys add --collections library board-app --label board --label staff', 'and those that have one of these'],
    ['keys add --collections library importer --scope write --label board', 'puts and removes them, too'],
    ['keys add --collections library root --scope admin --all-labels', 'makes and deletes collections, sees everything'],
  ],
  options: (parser) =>
    parser
      .positional('name', { type: 'string', demandOption: true, describe: 'who uses it, for the log' })
      .option('scope', { choices: SCOPES, default: 'read' as const, describe: 'what it may do; each with all before it' })
      .option('label', { type: 'string', array: true, describe: 'label of access: a group that the key is of' })
      .option('all-labels', { type: 'boolean', default: false, describe: 'it sees every document, whatever its labels' })
      .option('expires', { type: 'string', describe: 'not valid from then on: 2027-01-31, or 2027-01-31T12:00:00Z' })
      .options(keysPlaceOptions),
  run: async ({ name, scope, label = [], allLabels, expires, ...place }) => {
    if (allLabels && label.length > 0) throw new UsageError('KEY_LABEL', 'give either --label or --all-labels');
    const { key, entry } = await addKey(keysPath(place), {
      name,
      scope,
      labels: allLabels ? 'everything' : label,
      ...(expires !== undefined && { expires: new Date(expires) }),
    });
    return { key, ...shownKey(entry) };
  },
  text: ({ key, name, scope, labels, expires }) =>
    [
      key,
      `key of ${name}, scope ${scope}: ${labelsText(labels)}${expires === undefined ? '' : `, until ${expires}`}`,
      'it is shown this once; send it as `Authorization: Bearer KEY`',
    ].join('\n'),
});
