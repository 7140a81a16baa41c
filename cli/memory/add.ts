import { type MemoryItem, MemoryStore } from '../../recipes/memory/index.ts';
import { defineCommand } from '../command.ts';
import { type GroupsOptions, groupsOptions, parseGroupsOptions } from '../options/groups-options.ts';
import { type MemoryPlace, memoryPlaceOptions } from './memory-place.ts';

interface MemoryAddOptions extends MemoryPlace, GroupsOptions {
  readonly texts: string[];
  readonly id: string | undefined;
  readonly source: string | undefined;
  readonly checkpoint: string | undefined;
}

export const memoryAddCommand = defineCommand<MemoryAddOptions, { readonly items: readonly MemoryItem[] }>({
  command: 'add <texts..>',
  describe: 'keep texts as memories, each with a group of vectors',
  examples: [
    ['memory add --into notes.memory "The lantern is lit before sunset"', 'a memory; the collection is made for the first one'],
    ['memory add --into notes.memory --id lantern "The lantern is lit at dusk"', 'in place of what had this id'],
  ],
  options: (parser) =>
    parser
      .positional('texts', { type: 'string', array: true, demandOption: true, describe: 'what is kept, each a memory' })
      .option('id', { type: 'string', describe: 'id of the one text; a random one unless given' })
      .option('source', { type: 'string', describe: 'where it came from' })
      .option('checkpoint', { type: 'string', describe: 'of a new collection: a checkpoint, or a run folder' })
      .options(groupsOptions)
      .options(memoryPlaceOptions),
  async run({ texts, id, source, checkpoint, groups, into, models, backend, ...options }, listener) {
    const settings = parseGroupsOptions({ groups, ...options });
    await using store = await MemoryStore.open({ into, models, backend, checkpoint, groups: settings, listener });
    const items = await store.add(texts.map((text, place) => ({ text, source, ...(place === 0 && { memId: id }) })));
    return { items };
  },
  text: ({ items }) => items.map(({ memId, text }) => `${memId}  ${text}`).join('\n'),
  texts: ['text'],
  dataKeys: ['items.*.meta'],
});
