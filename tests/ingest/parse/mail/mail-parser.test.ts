import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mailParser } from '../../../../ingest/parse/mail/mail-parser.ts';
import { PARSE_SAMPLES } from '../../../../scripts/fuzz/parse-samples.ts';
import { errorOf } from '../../../fixtures/temporary-folder.ts';
import { blocksOf, parsed, sampleContract } from '../sample-contract.ts';

const test = suite('mail parser');

sampleContract('mail');

const [one, box] = PARSE_SAMPLES['mail']!.map(({ file }) => file);

test('subject, people, date and names of attachments; the text with what it quotes', async () => {
  const { title, fields } = await parsed('a.eml', one!.bytes);
  assert.is(title, '会议 notes');
  assert.equal(fields, {
    from: '张三 <zhang@example.org>',
    to: ['Ann <ann@example.org>'],
    date: '2026-03-02T02:00:00.000Z',
    message_id: '<1@example.org>',
    attachments: ['报告.pdf'],
  });
  assert.equal(await blocksOf('a.eml', one!.bytes), [
    'paragraph Hello all, the café is closed. 你好',
    'quote quoted line one and two',
    'paragraph Regards',
  ]);
});

test('a mailbox is a document a mail; a page in GB2312 is read as such', async () => {
  const documents = await mailParser.parse(box!);
  assert.equal(
    documents.map(({ title }) => title),
    ['会议 notes', 'two'],
  );
  assert.equal(documents[1]!.blocks, [{ kind: 'paragraph', text: '中文', headings: [] }]);
});

test('lines that were escaped in a mailbox are as they were', async () => {
  const content =
    'From a@b Mon Mar  2 10:00:00 2026\nFrom: a@b\nSubject: s\nDate: Mon, 02 Mar 2026 10:00:00 +0800\n\nwords\n\n>From here on\n';
  assert.equal(await blocksOf('a.mbox', content), ['paragraph words', 'paragraph From here on']);
});

test('a text that only asks to read the page gives way to the page', async () => {
  const content = `From: a@b\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=X\n\n--X\nContent-Type: text/plain\n\nSee the page.\n--X\nContent-Type: text/html\n\n<h1>News</h1><p>${'Words of the page. '.repeat(5)}</p>\n--X--\n`;
  assert.is((await blocksOf('a.eml', content))[0], 'heading1 News');
});

test('what has no head of a mail is none; a mail is recognised by its head', async () => {
  assert.is((await errorOf(() => parsed('a.eml', 'words and nothing else'))).code, 'PARSE_MAIL');
  assert.is(mailParser.recognise(one!.bytes), 2);
  assert.is(mailParser.recognise(box!.bytes), 2);
  assert.is(mailParser.recognise(Buffer.from('From: me\nTo: you\nSubject: a letter in a text\n\nwords')), 0);
});

test.run();
