import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { documentText, readCorpus } from '../../../data/index.ts';
import { markdownMetadata, restructuredTitle } from '../../../data/metadata/file-metadata.ts';
import { collect, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('metadata of files');

test('front matter gives title, language and fields; else the first heading is the title', () => {
  for (const [markdown, expected] of [
    ['', {}],
    ['text\n\n## Second level\n', {}],
    ['\n# A title #\n\ntext', { title: 'A title' }],
    ['A title\n=======\ntext', { title: 'A title' }],
    ['```\n# a comment\n```\n# Title', { title: 'Title' }],
    ['~~~~\n# a\n~~~\n# b\n~~~~\n', {}],
    [
      '---\ntitle: " Named "\nlang: de\ntags: [a, b]\ndate: 2026-01-02\n---\n# Heading\n',
      { title: 'Named', language: 'de', fields: { tags: ['a', 'b'], date: '2026-01-02' } },
    ],
    ['---\r\nlanguage: zh-Hans\r\n---\r\n# Heading\r\n', { title: 'Heading', language: 'zh-Hans' }],
    [
      '---\nlanguage: not a tag\ntitle: 7\nbad: .inf\n---\n# Heading',
      { title: 'Heading', fields: { language: 'not a tag', title: 7 } },
    ],
    ['---x\n\n---\ntitle: Not\n---\n# Heading', { title: 'Heading' }],
    // A thematic break, YAML that is none, and aliases that would grow without end.
    ['---\n\n# Heading\n\n---\ntext', { title: 'Heading' }],
    ['---\na: [1\n---\n# Heading', { title: 'Heading' }],
    ['---\n- a list\n---\n# Heading', { title: 'Heading' }],
    [
      `---\na: &a [x, x]\n${Array.from({ length: 30 }, (_, n) => `b${n}: &b${n} [${n === 0 ? '*a, *a' : `*b${n - 1}, *b${n - 1}`}]`).join('\n')}\n---\n# Heading`,
      { title: 'Heading' },
    ],
  ] as const)
    assert.equal(markdownMetadata(markdown), expected, markdown);
});

test('the title of a reStructuredText file is underlined at its beginning', () => {
  for (const [text, expected] of [
    ['Title\n=====\ntext', 'Title'],
    ['\n=====\nTitle\n=====\n', 'Title'],
    ['=======\n Title\n=======\n', 'Title'],
    ['Title\n---\ntext', undefined],
    ['text\n\nTitle\n=====', undefined],
    ['=====\nTitle\n-----\n', undefined],
    ['', undefined],
  ] as const)
    assert.is(restructuredTitle(text), expected, text);
});

test('a folder of files: sources are paths, and the texts stay as they were', async () => {
  await withTemporaryFolder(async (folder) => {
    const files: Record<string, string> = {
      'a.txt': '# no Markdown',
      'guide/b.md': '---\ntitle: B\n---\n# Heading\n',
      'guide/c.rst': 'CC\n==\n',
      'd.html': '<!-- <html lang="xx"> --><HTML lang=\'pt-BR\'><title>D &amp; D</title><body lang="en">text</body></html>',
      'e.htm': '<html lang="">text</html>',
    };
    await mkdir(join(folder, 'guide'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const documents = await collect(readCorpus(folder));
    assert.equal(
      documents.map(({ id, metadata }) => [id, metadata]),
      [
        ['a.txt', { source: 'a.txt' }],
        ['d.html', { source: 'd.html', language: 'pt-BR' }],
        ['e.htm', { source: 'e.htm' }],
        ['guide/b.md', { source: 'guide/b.md', title: 'B' }],
        ['guide/c.rst', { source: 'guide/c.rst', title: 'CC' }],
      ],
    );
    assert.equal(documents.map(documentText), ['# no Markdown', 'D & D text', 'text', files['guide/b.md']!.trim(), 'CC\n==']);
  });
});

test.run();
