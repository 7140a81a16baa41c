import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { holdsAnswer, scoreAnswer } from '../../../eval/answers/index.ts';

const test = suite('scores of answers');

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, not ${expected}`);

test('squad: case, articles, punctuation and white space are no difference', () => {
  assert.equal(scoreAnswer('The  Panthers!', ['panthers'], 'squad'), { exact: 1, f1: 1 });
  assert.equal(scoreAnswer('a "U.S." team', ['US Team'], 'squad'), { exact: 1, f1: 1 });
  // An article inside a word stays, and so does one that punctuation joins to a word: "thea" and "an" are told apart.
  assert.equal(scoreAnswer('theatre', ['atre'], 'squad'), { exact: 0, f1: 0 });
  assert.equal(scoreAnswer('a-b', ['ab'], 'squad'), { exact: 1, f1: 1 });
});

test('squad: F1 over words, each as often as both have it, the best over the right answers', () => {
  // "gave up 308 points" has 4 words, "308" one, one in common: 2 x 1 / (4 + 1).
  near(scoreAnswer('gave up 308 points', ['308'], 'squad').f1, 0.4);
  // new twice against new once, york once: 2 in common of 3 and 2.
  near(scoreAnswer('new new york', ['York New'], 'squad').f1, 4 / 5);
  near(scoreAnswer('Kawann Short', ['Short', 'Kawann Short Jr.'], 'squad').f1, 4 / 5);
  assert.equal(scoreAnswer('Kawann Short', ['x', 'kawann short'], 'squad'), { exact: 1, f1: 1 });
});

test('no answer is the empty one', () => {
  for (const measure of ['squad', 'mlqa-zh', 'cmrc'] as const) {
    assert.equal(scoreAnswer('', [], measure), { exact: 1, f1: 1 });
    assert.equal(scoreAnswer('四次', [], measure), { exact: 0, f1: 0 });
    assert.equal(scoreAnswer('', ['四次'], measure), { exact: 0, f1: 0 });
  }
  // Nothing is left of "the": SQuAD 2.0 takes the question as one without an answer.
  assert.equal(scoreAnswer('', ['the'], 'squad'), { exact: 1, f1: 1 });
});

test('mlqa-zh: characters in any order, words of other scripts whole, no punctuation', () => {
  assert.equal(scoreAnswer('「四次」。', ['四 次'], 'mlqa-zh'), { exact: 1, f1: 1 });
  // 24 and 次 against 24, 次, 拦, 截: 2 x 2 / (2 + 4).
  near(scoreAnswer('24 次', ['24 次拦截'], 'mlqa-zh').f1, 4 / 6);
  // Without a blank between them 次 and 24 are two all the same.
  assert.equal(scoreAnswer('次24', ['次 24'], 'mlqa-zh'), { exact: 1, f1: 1 });
  // Order is no matter: 3 characters in common of 3 and 4.
  near(scoreAnswer('踢爆水', ['水泡踢爆'], 'mlqa-zh').f1, 6 / 7);
});

test('cmrc: the longest run in common', () => {
  // 水泡踢爆 and 踢爆水: the longest common run is 踢爆, 2 of 4 and 3; the characters in any order would be 3.
  near(scoreAnswer('踢爆水', ['水泡踢爆'], 'cmrc').f1, 4 / 7);
  assert.equal(scoreAnswer('4分钟。', ['4分钟'], 'cmrc'), { exact: 1, f1: 1 });
  // Case is none, the signs of the script are taken out, a bracket in ASCII stays.
  assert.equal(scoreAnswer('NEXON·《泡泡堂》', ['nexon泡泡堂'], 'cmrc'), { exact: 1, f1: 1 });
  assert.equal(scoreAnswer('(泡泡堂)', ['泡泡堂'], 'cmrc').exact, 0);
  // (, 泡, 泡, 堂, ) against 泡, 泡, 堂: a run of 3 of 5 and 3.
  near(scoreAnswer('(泡泡堂)', ['泡泡堂'], 'cmrc').f1, 6 / 8);
  // 3,000 and 4.5 are one word each.
  near(scoreAnswer('3,000米', ['4.5米'], 'cmrc').f1, 2 / 4);
});

test('a text holds an answer as whole words', () => {
  assert.ok(holdsAnswer('It gave up just 308 points.', ['308'], 'squad'));
  assert.not.ok(holdsAnswer('It gave up 1308 points.', ['308'], 'squad'));
  assert.ok(holdsAnswer('第二防线完成了四次拦截。', ['x', '四次拦截'], 'mlqa-zh'));
  assert.not.ok(holdsAnswer('anything', ['the', ''], 'squad'));
});

test('the longest run against a plain search of all runs', () => {
  const letters = '甲乙丙';
  let state = 7;
  const next = (below: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  const text = (): string => Array.from({ length: 1 + next(8) }, () => letters[next(3)]!).join('');
  for (let round = 0; round < 300; round++) {
    const [prediction, answer] = [text(), text()];
    let longest = 0;
    for (let start = 0; start < answer.length; start++)
      for (let end = start + 1; end <= answer.length; end++)
        if (prediction.includes(answer.slice(start, end))) longest = Math.max(longest, end - start);
    near(scoreAnswer(prediction, [answer], 'cmrc').f1, (2 * longest) / (prediction.length + answer.length));
  }
});

test.run();
