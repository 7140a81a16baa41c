import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { measureLostInMiddle } from '../../../eval/lost-in-middle/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('lost in the middle');
const countTokens = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;
const keyOf = (prompt: string): string => /The pass key is (\d{7})\./.exec(prompt)![1]!;

test('a reader of everything finds the key at each place; the prompt has the wanted length', async () => {
  const prompts: string[] = [];
  const { places, promptTokens } = await measureLostInMiddle({
    complete: async (prompt, { maximumTokens }) => {
      prompts.push(prompt);
      assert.is(maximumTokens, 50);
      return `It is ${keyOf(prompt)}, I think.`;
    },
    countTokens,
    contextTokens: 500,
    trials: 4,
    seed: 3,
  });
  assert.equal(
    places,
    ['begin', 'middle', 'end'].map((place) => ({ place, found: 4, trials: 4, accuracy: 1 })),
  );
  assert.is(prompts.length, 12);
  // Sentences of 500 words less one that did not fit (11 words at most), 12 words of the fact, 31 around them.
  assert.ok(promptTokens > 500 && promptTokens <= 545, `${promptTokens} tokens`);
  assert.is(new Set(prompts.slice(0, 4).map(keyOf)).size, 4, 'keys differ');
  assert.equal(prompts.slice(0, 4).map(keyOf), prompts.slice(8).map(keyOf), 'and are the same at each place');
  const shares = [0, 4, 8].map((index) => prompts[index]!.indexOf('The pass key is') / prompts[index]!.length);
  assert.ok(shares[0]! < 0.1 && Math.abs(shares[1]! - 0.5) < 0.1 && shares[2]! > 0.9, shares.join(' '));
});

test('a reader of both ends loses the middle; other numbers are no key, grouped digits are', async () => {
  const { places } = await measureLostInMiddle({
    complete: async (prompt) => {
      const seen = prompt.slice(0, 400) + prompt.slice(-400);
      const found = /The pass key is (\d{7})\./.exec(seen)?.[1];
      return found === undefined ? '12345678' : `${found.slice(0, 1)},${found.slice(1, 4)},${found.slice(4)}`;
    },
    countTokens,
    contextTokens: 1000,
    trials: 3,
  });
  assert.equal(
    places.map(({ accuracy }) => accuracy),
    [1, 0, 1],
  );
});

test('the same seed asks the same; wrong numbers and an aborted signal end it', async () => {
  const ask = async (seed: number): Promise<string[]> => {
    const prompts: string[] = [];
    await measureLostInMiddle({
      complete: async (prompt) => {
        prompts.push(prompt);
        return '';
      },
      countTokens,
      contextTokens: 100,
      trials: 2,
      seed,
    });
    return prompts;
  };
  assert.equal(await ask(1), await ask(1));
  assert.not.equal(await ask(1), await ask(2));
  assert.is(
    (await errorOf(() => measureLostInMiddle({ complete: async () => '', countTokens, trials: 0 }))).code,
    'LOST_IN_MIDDLE_NUMBER',
  );
  try {
    await measureLostInMiddle({ complete: async () => '', countTokens, signal: AbortSignal.abort('stop') });
    assert.unreachable();
  } catch (reason) {
    assert.is(reason, 'stop');
  }
});

test.run();
