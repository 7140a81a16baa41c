import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { markdownPassages } from '../../../data/index.ts';

const test = suite('Markdown passages');

const LENGTHS = { shortest: 20, longest: 100 };
const PARAGRAPH = 'Forty characters make up this paragraph.';

test('sections are passages under the headings that they stand under', () => {
  const markdown = `# A\n\n${PARAGRAPH}\n\n## B *b* \`code\`\n\n${PARAGRAPH}\n\n### [C](c.md) <a id="c"></a>\n\n${PARAGRAPH}\n\n## D ##\n\n${PARAGRAPH}\n`;
  assert.equal(markdownPassages(markdown, LENGTHS), [
    { title: 'A', text: PARAGRAPH },
    { title: 'A > B b code', text: PARAGRAPH },
    { title: 'A > B b code > C', text: PARAGRAPH },
    { title: 'A > D', text: PARAGRAPH },
  ]);
});

test('underlined headings count, with Windows line ends too; a rule and a list do not', () => {
  const markdown = `A\r\n===\r\n\r\n${PARAGRAPH}\r\n\r\nB\r\n---\r\n\r\n- ${PARAGRAPH}\r\n---\r\n\r\n---\r\n`;
  assert.equal(markdownPassages(markdown, LENGTHS), [
    { title: 'A', text: PARAGRAPH },
    { title: 'A > B', text: `- ${PARAGRAPH}\n---\n\n---` },
  ]);
});

test('headings inside fenced code are code', () => {
  const code = '```sh\n# no heading\n~~~\nB\n===\n```';
  assert.equal(markdownPassages(`# A\n\n${code}\n`, LENGTHS), [{ title: 'A', text: code }]);
});

test('badges, tags, comments and link definitions are left out', () => {
  const badge = '[![build](https://a.example/b.svg)](https://a.example) ![c](d.png)';
  const markdown = `<h1 align="center">\n${badge}\n</h1>\n<!-- two\n\nlines -->\n${PARAGRAPH}\n\n[link]: https://a.example\n`;
  assert.equal(markdownPassages(markdown, LENGTHS), [{ title: '', text: PARAGRAPH }]);
});

test('a short section joins the one before it, its heading as a line', () => {
  assert.equal(markdownPassages(`# A\n\n${PARAGRAPH}\n\n## B\n\nshort\n\n## C\n\n${PARAGRAPH}`, LENGTHS), [
    { title: 'A', text: `${PARAGRAPH}\n\nB\n\nshort` },
    { title: 'A > C', text: PARAGRAPH },
  ]);
});

test('what stays short is left out', () => {
  assert.equal(markdownPassages('# A\n\nshort\n', LENGTHS), []);
  assert.equal(markdownPassages('', LENGTHS), []);
});

test('a long section is cut between paragraphs, else lines, else words, else characters; nothing is lost', () => {
  for (const [text, border] of [
    [Array.from({ length: 5 }, () => PARAGRAPH).join('\n\n'), '\n\n'],
    [Array.from({ length: 5 }, () => PARAGRAPH).join('\n'), '\n'],
    [Array.from({ length: 60 }, (_, number) => `word${number}`).join(' '), ' '],
    ['𝒳'.repeat(130), ''],
  ] as const) {
    const passages = markdownPassages(text, LENGTHS);
    assert.is(passages.map((passage) => passage.text).join(border), text);
    for (const passage of passages) assert.ok([...passage.text].length <= LENGTHS.longest);
  }
});

test.run();
