import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { languageOfTexts } from '../../../data/index.ts';

const test = suite('language of texts');

test('letters tell scripts, frequent words tell languages in Latin letters', () => {
  const of = (...texts: string[]) => languageOfTexts(texts).language;
  assert.is(of('The keeper of the lighthouse is not at home, and it is the pilot that waits for him.'), 'en');
  assert.is(of('Der Wärter ist nicht zu Hause, und die Lotsen warten mit dem Boot auf den Morgen.'), 'de');
  assert.is(of('Le gardien est dans la tour et les pilotes sont sur le quai avec une lampe.'), 'fr');
  assert.is(of('守灯人每天傍晚点亮灯火。API 和 HTTP 是缩写。'), 'zh');
  assert.is(of('灯台は毎晩ともされる。'), 'ja');
  assert.is(of('등대는 매일 밤 켜진다'), 'ko');
  assert.is(of('Маяк зажигают каждый вечер'), 'ru');
  assert.is(of('const x1 = foo(bar, baz); return x1.map(qux)'), 'und');
  assert.equal(languageOfTexts(['12 34', '']), { language: 'und', share: 0 });
});

test('a share is of letters: 8 of 11 here are Han', () => {
  assert.equal(languageOfTexts(['守灯人点亮灯火吧 API']), { language: 'zh', share: 8 / 11 });
});

test.run();
