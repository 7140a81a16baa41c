import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { corpusAdvice } from '../../../recipes/check-corpus/corpus-advice.ts';

const test = suite('corpus advice');

const share = (byOccurrence: number) => ({ byOccurrence, byType: byOccurrence, types: 100 });
const known = (words: number) => ({ words: share(words) });
const english = { language: 'en', languages: ['en'] };

test('texts as they were trained on are used as they are, others adapted; the teacher goes before words', () => {
  assert.is(corpusAdvice({ ...english, known: known(0.98), agreement: { cosine: 0.82 } }).verdict, 'use');
  assert.is(corpusAdvice({ ...english, known: known(0.98), agreement: { cosine: 0.4 } }).verdict, 'adapt');
  assert.is(corpusAdvice({ ...english, known: known(0.98), agreement: null }).verdict, 'use');
  assert.is(corpusAdvice({ ...english, known: known(0.85), agreement: null }).verdict, 'adapt');
});

test('another language, or words that are hardly known, ask for another checkpoint', () => {
  const chinese = corpusAdvice({ language: 'zh', languages: ['en'], known: known(0.1), agreement: { cosine: 0.1 } });
  assert.is(chinese.verdict, 'train');
  assert.match(chinese.reasons[0]!, 'zh');
  assert.is(corpusAdvice({ ...english, known: known(0.3), agreement: { cosine: 0.9 } }).verdict, 'train');
  assert.is(corpusAdvice({ language: 'und', languages: ['en'], known: known(0.98), agreement: null }).verdict, 'use');
});

test('where nothing is known adapting is advised, which measures', () => {
  assert.is(corpusAdvice({ language: 'en', languages: undefined, known: null, agreement: null }).verdict, 'adapt');
});

test.run();
