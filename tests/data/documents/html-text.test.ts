import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { htmlText } from '../../../data/documents/html-text.ts';

const test = suite('html text');

test('tags, comments, scripts and styles go; blocks begin on new lines', () => {
  const page = `<!DOCTYPE html><html><head><title> A
    page </title><style>p { color: red }</style><meta charset="utf-8"></head>
    <body class="a > b"><!-- <p>no</p> --><h1>Head</h1><p>One <em>two</em>
    three</p><script>if (a < b && c > d) document.write("<p>no</p>")</script><ul><li>x<li>y</ul>
    <img alt='1 > 2'>end</body></html>`;
  assert.equal(htmlText(page), { title: 'A page', text: 'Head\n\nOne two three\n\nx\ny\nend' });
});

test('character references', () => {
  assert.is(
    htmlText(
      'a &amp;&lt;&gt;&quot;&#39;&apos; &#x4e2d;&#25991; &eacute;&Eacute;&yuml;&hellip;&mdash;&rarr; &#0;&#xd800; AT&T &unknown; &amp;lt;',
    ).text,
    "a &<>\"'' 中文 éÉÿ…—→ \ufffd\ufffd AT&T &unknown; &lt;",
  );
});

test('white space stays in pre and is one space elsewhere', () => {
  assert.is(htmlText('<p>a\n\n   b</p><pre>x\n  y</pre>').text, 'a b\n\nx\n  y');
});

test('broken pages end', () => {
  assert.is(htmlText('a < b and c > d').text, 'a < b and c > d');
  assert.is(htmlText('text <!-- never closed').text, 'text');
  assert.is(htmlText('text <script>never closed').text, 'text');
  assert.is(htmlText('<p class="never closed').text, '');
  assert.is(htmlText('').text, '');
  assert.is(htmlText('<![CDATA[a < b]]>').text, 'a < b');
});

test('hostile pages take time in proportion to their length', () => {
  const start = performance.now();
  for (const piece of ['<', '<a ', '<!--', '<a "', '&#', '<title>', '</', '<pre><p>']) htmlText(piece.repeat(20_000));
  assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`);
});

test.run();
