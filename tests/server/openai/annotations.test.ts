import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { annotationsOf } from '../../../server/openai/annotations.ts';
import { CITATIONS } from '../fake-services.ts';

const test = suite('marks of an answer as annotations');

const marksOf = (text: string): string[] => {
  const characters = [...text];
  return annotationsOf(text, CITATIONS, (unit) => `unit:${unit}`).map(({ url_citation: { start_index, end_index, url } }) => {
    return `${start_index} ${characters.slice(start_index, end_index).join('')} ${url}`;
  });
};

test('places are counted in characters, whatever stands before them', () => {
  assert.equal(marksOf('a [1]'), ['2 [1] unit:a1-0']);
  assert.equal(marksOf('😀😀 [1] 😀[2][1]'), ['3 [1] unit:a1-0', '8 [2] unit:a1-1', '11 [1] unit:a1-0']);
  assert.equal(marksOf('律。[2]'), ['2 [2] unit:a1-1']);
});

test('what is no mark of a citation', () => {
  for (const text of ['', 'no mark', '[3]', '[0]', '[12345]', '[a]', '[ 1]', '`x[1]`', '`f()[1]` and `a[0][1]`', '`列[1]`'])
    assert.equal(marksOf(text), [], text);
});

test('code that a mark stands behind, or in', () => {
  assert.equal(marksOf('`x[1]` [1]'), ['7 [1] unit:a1-0']);
  assert.equal(marksOf('`run --resume` [1]'), ['15 [1] unit:a1-0']);
  assert.equal(marksOf('`[1]`'), ['1 [1] unit:a1-0']);
});

test('a long answer of many marks is read once', () => {
  const text = 'x [1] '.repeat(20_000);
  assert.is(marksOf(text).length, 20_000);
  assert.is(marksOf(text).at(-1), `${6 * 19_999 + 2} [1] unit:a1-0`);
});

test.run();
