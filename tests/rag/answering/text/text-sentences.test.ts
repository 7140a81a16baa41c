import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sentencesIn } from '../../../../rag/answering/text/text-sentences.ts';

const test = suite('sentences of a unit');

const shown = (text: string) => sentencesIn(text).map(({ start, end, kind }) => [kind, text.slice(start, end)]);

test('lines of a paragraph belong together, everything else of Markdown is by itself', () => {
  const text =
    '# Guide\n\nRun it\nagain. Then wait.\n- first item\n  goes on\n- second\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nnpm run x\n\n```\n> said so\nEnd';
  assert.equal(shown(text), [
    ['heading', 'Guide'],
    ['prose', 'Run it\nagain.'],
    ['prose', 'Then wait.'],
    ['prose', 'first item\n  goes on'],
    ['prose', 'second'],
    ['row', '| a | b |'],
    ['row', '| 1 | 2 |'],
    ['code', 'npm run x'],
    ['prose', 'said so\nEnd'],
  ]);
});

test('abbreviations and initials end no sentence; Chinese full stops do', () => {
  assert.equal(
    shown('Dr. J. K. Smith of the U.S. Army came. He, e.g. Tuesday, left.').map(([, sentence]) => sentence),
    ['Dr. J. K. Smith of the U.S. Army came.', 'He, e.g. Tuesday, left.'],
  );
  assert.equal(
    shown('合同解除了。对方不同意？当然！').map(([, sentence]) => sentence),
    ['合同解除了。', '对方不同意？', '当然！'],
  );
  assert.equal(shown(' \n\n'), []);
});

test.run();
