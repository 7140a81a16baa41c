import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { markdownPassages } from '../../../data/index.ts';

const test = suite('Markdown passages');

const LENGTHS = { shortest: 20, longest: 100 };
const PARAGRAPH = 'Forty characters make up this paragraph.';

/** Without their places. */
const passagesOf = (markdown: string, lengths = LENGTHS): { title: string; text: string }[] =>
  markdownPassages(markdown, lengths).map(({ title, text }) => ({ title, text }));

test('sections are passages under the headings that they stand under', () => {
  const markdown = `# A\n\n${PARAGRAPH}\n\n## B *b* \`code\`\n\n${PARAGRAPH}\n\n### [C](c.md) <a id="c"></a>\n\n${PARAGRAPH}\n\n## D ##\n\n${PARAGRAPH}\n`;
  assert.equal(passagesOf(markdown, LENGTHS), [
    { title: 'A', text: PARAGRAPH },
    { title: 'A > B b code', text: PARAGRAPH },
    { title: 'A > B b code > C', text: PARAGRAPH },
    { title: 'A > D', text: PARAGRAPH },
  ]);
});

test('underlined headings count, with Windows line ends too; a rule and a list do not', () => {
  const markdown = `A\r\n===\r\n\r\n${PARAGRAPH}\r\n\r\nB\r\n---\r\n\r\n- ${PARAGRAPH}\r\n---\r\n\r\n---\r\n`;
  assert.equal(passagesOf(markdown, LENGTHS), [
    { title: 'A', text: PARAGRAPH },
    { title: 'A > B', text: `- ${PARAGRAPH}\n---\n\n---` },
  ]);
});

test('headings inside fenced code are code', () => {
  const code = '```sh\n# no heading\n~~~\nB\n===\n```';
  assert.equal(passagesOf(`# A\n\n${code}\n`, LENGTHS), [{ title: 'A', text: code }]);
});

test('badges, tags, comments and link definitions are left out', () => {
  const badge = '[![build](https://a.example/b.svg)](https://a.example) ![c](d.png)';
  const markdown = `<h1 align="center">\n${badge}\n</h1>\n<!-- two\n\nlines -->\n${PARAGRAPH}\n\n[link]: https://a.example\n`;
  assert.equal(passagesOf(markdown, LENGTHS), [{ title: '', text: PARAGRAPH }]);
});

test('a short section joins the one before it, its heading as a line', () => {
  assert.equal(passagesOf(`# A\n\n${PARAGRAPH}\n\n## B\n\nshort\n\n## C\n\n${PARAGRAPH}`, LENGTHS), [
    { title: 'A', text: `${PARAGRAPH}\n\nB\n\nshort` },
    { title: 'A > C', text: PARAGRAPH },
  ]);
});

test('what stays short is left out', () => {
  assert.equal(passagesOf('# A\n\nshort\n', LENGTHS), []);
  assert.equal(passagesOf('', LENGTHS), []);
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

test('F24: headings are those of CommonMark', () => {
  for (const [heading, title] of [
    ['## C#', 'C#'],
    ['## C# ##', 'C#'],
    ['## C \\#', 'C #'],
    ['# F# and C#   #####  ', 'F# and C#'],
    ['   # three spaces', 'three spaces'],
    ['#\ttab', 'tab'],
    ['# `#include` *a* _b_ __c__ ~d~ snake_case', '#include a b c ~d~ snake_case'],
    ['# [a `b`](c) ![no](d) <b>e</b> &amp; &copy; \\*f\\*', 'a b e & © *f*'],
    ['two\nlines\n===', 'two lines'],
    ['- - -\nsetext\n------', 'setext'],
  ] as const)
    assert.equal(
      passagesOf(`${heading}\n\n${PARAGRAPH}`)
        .map((passage) => passage.title)
        .at(-1),
      title,
      heading,
    );
  for (const none of [
    '#hashtag',
    '    # code',
    '\\# escaped',
    '####### seven',
    '> # quoted',
    '- # listed',
    '`# code\n# code`'.replace('\n# code', ''),
  ])
    assert.equal(passagesOf(`${none}\n\n${PARAGRAPH}`), [{ title: '', text: `${none.trim()}\n\n${PARAGRAPH}` }], none);
  assert.equal(passagesOf(`<div>\n# html\n</div>\n\n${PARAGRAPH}`), [{ title: '', text: `# html\n\n${PARAGRAPH}` }]);
  assert.equal(
    passagesOf(`#\n\n${PARAGRAPH}\n\n## B\n\n${PARAGRAPH}`).map((passage) => passage.title),
    ['', 'B'],
  );
});

test('F24: front matter is no heading, and no text', () => {
  for (const matter of [
    '---\ntitle: x\n---',
    '---\ntitle: x\n\ndate: y\n---',
    '+++\ntitle = "x"\n+++',
    '---\r\ntitle: x\r\n---',
    '---\n---',
    '\ufeff---\na: b\n---',
  ])
    assert.equal(passagesOf(`${matter}\n${PARAGRAPH}\n`), [{ title: '', text: PARAGRAPH }], matter);
  // Elsewhere, and without an end, these are rules.
  assert.equal(passagesOf(`${PARAGRAPH}\n\n---\n\na: b\n\n---\n`), [{ title: '', text: `${PARAGRAPH}\n\n---\n\na: b\n\n---` }]);
  assert.equal(passagesOf(`---\n\n${PARAGRAPH}\n`), [{ title: '', text: `---\n\n${PARAGRAPH}` }]);
});

test('F24: fences end at a line of nothing but as many marks', () => {
  for (const code of [
    '```sh\n``` not the end\n# code\n```',
    '````\n```\n# code\n```\n````',
    '~~~ ``` ~~~\n# code\n```\n~~~~~',
    '```\n# code\n    ```\n# code\n   ```',
    // Without an end: up to the end of the file, or of the list item that it stands in.
    '```\n# code',
    '- ```\n  # code\n\n  ```',
  ])
    assert.equal(passagesOf(`# A\n\n${PARAGRAPH}\n\n${code}`), [{ title: 'A', text: `${PARAGRAPH}\n\n${code}` }], code);
});

test('F24: a line that begins with code of three backticks opens no fence', () => {
  const inline = '```` ```one``` ````';
  for (const line of [inline, `See ${inline} there.`, '``` a ` b ```', '```a``` and more'])
    assert.equal(passagesOf(`${line} ${PARAGRAPH}\n\n# B\n\n${PARAGRAPH}`), [
      { title: '', text: `${line} ${PARAGRAPH}` },
      { title: 'B', text: PARAGRAPH },
    ]);
});

test('F24: comments go, except in code; definitions over two lines go', () => {
  for (const [markdown, text] of [
    [`a <!-- b\nc --> d ${PARAGRAPH}`, `a  d ${PARAGRAPH}`],
    [`\`<!-- code -->\` ${PARAGRAPH}`, `\`<!-- code -->\` ${PARAGRAPH}`],
    [`\`\`\`html\n<!-- code -->\n\`\`\`\n\n${PARAGRAPH}`, `\`\`\`html\n<!-- code -->\n\`\`\`\n\n${PARAGRAPH}`],
    [`- a <!-- b --> c\n- ${PARAGRAPH}`, `- a  c\n- ${PARAGRAPH}`],
    [`<!-- never closed\n\n${PARAGRAPH}`, undefined],
    [`${PARAGRAPH}\n\n[a]: https://a.example\n  "title"\n[b]:\n  <c>\n`, PARAGRAPH],
    [`[![a](b.svg)](c)\n[![d][e]][f] <br/> &nbsp;\n${PARAGRAPH}\n\n[e]: x.svg\n[f]: y`, PARAGRAPH],
    [`<table>\n  <tr>\n    <td>\n      <a\n        href="b"><img src="c"></a>\n</table>\n\n${PARAGRAPH}`, PARAGRAPH],
    [`<p>\n    <img src="a">\n    Words\n</p>\n\n${PARAGRAPH}`, `Words\n\n${PARAGRAPH}`],
    [
      `- a\n  <details>\n  <summary>\n    b\n  </summary>\n\n  c <b>d</b>\n- ${PARAGRAPH}`,
      `- a\n    b\n\n  c <b>d</b>\n- ${PARAGRAPH}`,
    ],
    [`An image ![a](b.svg) in a line: ${PARAGRAPH}`, `An image ![a](b.svg) in a line: ${PARAGRAPH}`],
  ] as const)
    assert.equal(passagesOf(markdown), text === undefined ? [] : [{ title: '', text }], markdown);
});

test('F24: passages know where they stand', () => {
  const front = '---\na: b\n---\n\n';
  const markdown = `${front}# A\r\n\r\n${PARAGRAPH}\r\n\r\n\r\n\r\n${PARAGRAPH} 𝒳\r\n\r\n## B\r\n\r\nshort\r\n\r\n# C\r\n${'word '.repeat(40)}<!-- x -->\r\n`;
  const passages = markdownPassages(markdown, LENGTHS);
  assert.equal(
    passages.map(({ title }) => title),
    ['A', 'A > B', 'C', 'C'].filter((title) => title !== 'A > B'),
  );
  const [first, ...others] = passages;
  // Up to the end of the short section that joined it.
  assert.is(
    markdown
      .slice(first!.start, first!.end)
      .replace(/\r/g, '')
      .replace(/\n{3,}/g, '\n\n'),
    `${PARAGRAPH}\n\n${PARAGRAPH} 𝒳\n\n## B\n\nshort`,
  );
  assert.is(first!.text, `${PARAGRAPH}\n\n${PARAGRAPH} 𝒳\n\nB\n\nshort`);
  for (const { text, start, end } of others) assert.is(markdown.slice(start, end), text);
  assert.ok(passages.every(({ start, end }, index) => start < end && (index === 0 || passages[index - 1]!.end <= start)));
});

test('F24: hostile Markdown ends, however deep it nests', () => {
  for (const piece of [
    '[',
    '![',
    '<!--',
    '> ',
    '- ',
    '*a ',
    '`',
    '# ',
    '[a](',
    '<a ',
    '\\',
    '| ',
    '&',
    '[a]: b\n',
    '![a](b)\n',
    '<b>\n',
    '<p><!--',
    '1. ',
  ])
    markdownPassages(piece.repeat(1000), LENGTHS);
});

test.run();
