import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { messageOf } from '../../base/index.ts';

const test = suite('base/bytes');

test('the words of what was thrown; a full disk and a quota are said in words that everybody knows', () => {
  assert.is(messageOf(new Error('no such thing')), 'no such thing');
  assert.is(messageOf('words'), 'words');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  assert.is(messageOf(full), 'the disk is full, make room on it (ENOSPC: no space left on device, write)');
  assert.match(messageOf(Object.assign(new Error('EDQUOT: quota'), { code: 'EDQUOT' })), /^your share of the disk is used up/);
});

test.run();
