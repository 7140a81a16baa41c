import { MemoryStore, type RetrievedMemory } from '../../recipes/memory/index.ts';
import { defineCommand } from '../command.ts';
import { type MemoryPlace, memoryPlaceOptions } from './memory-place.ts';

interface MemoryQueryOptions extends MemoryPlace {
  readonly text: string;
  readonly k: number;
  readonly context: string | undefined;
  readonly candidates: number | undefined;
  readonly scorer: 'field' | 'maxsim' | undefined;
  readonly debug: boolean;
}

const RESULTS = 10;

export const memoryQueryCommand = defineCommand<MemoryQueryOptions, { readonly results: readonly RetrievedMemory[] }>({
  command: 'query <text>',
  describe: 'what a text calls up: candidates by vectors and words, ranked by the groups of text and memories',
  examples: [
    ['memory query --into notes.memory "when is the light on"', 'the ten best memories'],
    [
      'memory query --into notes.memory "and then?" --context "We spoke of the lantern" --debug --json',
      'with what was said before',
    ],
  ],
  options: (parser) =>
    parser
      .positional('text', { type: 'string', demandOption: true, describe: 'what calls up' })
      .option('k', { type: 'number', default: RESULTS, describe: 'memories wanted, 1 to 100' })
      .option('context', {
        type: 'string',
        describe: 'what was said before: read with the text for its group, not for candidates',
      })
      .option('candidates', { type: 'number', describe: 'how many are ranked by groups (300)' })
      .option('scorer', { choices: ['field', 'maxsim'] as const, describe: 'as --field-scorer of search (field)' })
      .option('debug', { type: 'boolean', default: false, describe: 'with what each vector of the text found' })
      .options(memoryPlaceOptions),
  async run({ text, k, context, candidates, scorer, debug, into, models, backend }, listener) {
    await using store = await MemoryStore.open({ into, models, backend, listener });
    const results = await store.query(text, { k, context, candidates, scorer: scorer && { scorer }, explain: debug });
    return { results };
  },
  text: ({ results }) =>
    results.length === 0
      ? 'nothing was called up'
      : results
          .map(({ memId, text, score }, rank) => `${rank + 1}. ${memId}  (score ${score.toFixed(4)})\n   ${text}`)
          .join('\n'),
  texts: ['text'],
  dataKeys: ['results.*.meta'],
});
