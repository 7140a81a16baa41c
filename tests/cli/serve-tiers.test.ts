import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codesMemoryOf, tiersOf } from '../../cli/options/index-options.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';

const test = suite('options of tiers');

test('numbers are those of tiers, and need them', async () => {
  assert.is(tiersOf({}), undefined);
  assert.equal(tiersOf({ tiers: true, hotDays: 7 }), { days: 7, bonus: undefined, coldCandidates: undefined });
  assert.match((await errorOf(async () => tiersOf({ hotBonus: 0.1 }))).message, /are those of --tiers: give it too/);
  assert.is(codesMemoryOf(2), 2e6);
});

test.run();
