import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { splitWords } from '../../../encoders/lsa/words.ts';

const test = suite('words');

test('ASCII: letters, digits and underscores, lowercased', () => {
  assert.equal(splitWords("Don't run `npm_ci --x=9`; A.B"), ['don', 't', 'run', 'npm_ci', 'x', '9', 'a', 'b']);
  assert.equal(splitWords(''), []);
  assert.equal(splitWords(' \n\t--'), []);
});

test('other scripts with spaces, compatibility forms and combining marks', () => {
  assert.equal(splitWords('Größe ÉTÉ привет'), ['größe', 'été', 'привет']);
  assert.equal(splitWords('ｆｕｌｌ ﬁ'), ['full', 'fi']); // NFKC
  assert.equal(splitWords('e\u0301te\u0301'), ['été']); // decomposed accents
});

test('Chinese, Japanese and Thai are cut into words; words beside them stay', () => {
  const chinese = splitWords('中华人民共和国刑法, Article 3: 盗窃罪');
  assert.ok(chinese.includes('article') && chinese.includes('3'));
  assert.ok(chinese.includes('刑法'), chinese.join('|'));
  assert.is(chinese.filter((word) => /\p{Script=Han}/u.test(word)).join(''), '中华人民共和国刑法盗窃罪');
  assert.ok(splitWords('ภาษาไทย').length === 2); // language + Thai
  assert.ok(splitWords('日本語を勉強する').length > 2);
});

test.run();
