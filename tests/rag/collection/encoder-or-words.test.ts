import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { encoderOrWords } from '../../../rag/collection/encoder-or-words.ts';
import type { OpenQueryEncoder } from '../../../rag/retrieval/query-encoder.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('vectors, or words where nothing encodes queries');

const encoder = { queries: 'teacher' } as OpenQueryEncoder;
const opens = async () => encoder;
const fails = (code: string) => async (): Promise<OpenQueryEncoder> => {
  throw new CemError(code, 'it is nowhere');
};

test('all that there is ranks, unless something else is asked for', async () => {
  assert.equal(await encoderOrWords(undefined, true, opens), { retrievers: 'hybrid', encoder });
  assert.equal(await encoderOrWords(undefined, false, opens), { retrievers: 'vectors', encoder });
  assert.equal(await encoderOrWords('vectors', true, opens), { retrievers: 'vectors', encoder });
  assert.equal(await encoderOrWords('bm25', true, fails('ANY')), { retrievers: 'bm25', encoder: undefined });
});

test('words do where nobody asked for vectors and the teacher cannot be had, and only there', async () => {
  const notes: string[] = [];
  const note = (line: string) => notes.push(line);
  const words = await encoderOrWords(undefined, true, fails('TEACHER_UNAVAILABLE'), note);
  assert.equal(words, { retrievers: 'bm25', encoder: undefined });
  assert.match(notes.join(), /words alone.*it is nowhere/);
  for (const [asked, hasTerms, code] of [
    ['hybrid', true, 'TEACHER_UNAVAILABLE'],
    ['vectors', true, 'TEACHER_UNAVAILABLE'],
    [undefined, false, 'TEACHER_UNAVAILABLE'],
    [undefined, true, 'INDEX_OTHER_TEACHER'],
  ] as const)
    assert.is((await errorOf(() => encoderOrWords(asked, hasTerms, fails(code), note))).code, code);
  assert.is(notes.length, 1);
});

test.run();
