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
  assert.equal(htmlText(page), {
    title: 'A page',
    text: 'Head\n\nOne two three\n\nx\ny\nend',
  });
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

test('in a page written as XML `/>` ends an element, in others it is read past', () => {
  const page = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><a id="x"/>words</body></html>';
  assert.equal(htmlText(page), { title: '', text: 'words' });
  assert.is(htmlText(page.replace(/ xmlns="[^"]*"/, '')).text, '');
});

test('broken pages end', () => {
  assert.is(htmlText('a < b and c > d').text, 'a < b and c > d');
  assert.is(htmlText('text <!-- never closed').text, 'text');
  assert.is(htmlText('text <script>never closed').text, 'text');
  assert.is(htmlText('<p class="never closed').text, '');
  assert.is(htmlText('').text, '');
  // By the standard a comment outside of SVG and MathML (13.2.5.42, "cdata-in-html-content").
  assert.is(htmlText('<![CDATA[a < b]]> end').text, 'end');
  assert.is(htmlText('<math><mrow><![CDATA[a < b]]></mrow></math>').text, 'a < b');
});

test('F14: character references of the HTML standard', () => {
  for (const [page, text] of [
    // 13.2.5.80: numbers of Windows-1252's control characters stand for its letters.
    ['&#150; &#128; &#146; &#x97;', '– € ’ —'],
    // 13.5: names that need no semicolon, and the longest name that fits.
    ['&copy2024 &copy &amp;copy', '©2024 © &copy'],
    ['&ampersand &notit; &notin; &NotEqualTilde;', '&ersand ¬it; ∉ ≂̸'],
    ['&CounterClockwiseContourIntegral; &nbsp;x &fjlig; &bne;', '∳ \u00a0x fj =⃥'],
    ['&#x110000; &#xD800; &#0; &#; &#x; &;', '� � � &#; &#x; &;'],
  ] as const)
    assert.is(htmlText(page).text, text, page);
  // 13.2.5.73: in attributes, a name without semicolon before a letter or = is no reference.
  assert.is(htmlText('<html lang="a&copy=b">x').language, 'a&copy=b');
});

test('F14: comments end where the standard ends them', () => {
  for (const [page, text] of [
    ['tail <!--> x --> y', 'tail x --> y'],
    ['tail <!---> x --> y', 'tail x --> y'],
    ['a<!-- b --!>c', 'ac'],
    ['a<!-- <!-- b -->c', 'ac'],
    ['a<!- b>c<!doctype x>d<?php echo "e" ?>f</ g>h', 'acdfh'],
    ['a</>b<>c</3', 'ab<>c'],
  ] as const)
    assert.is(htmlText(page).text, text, page);
});

test('F14: what is not shown is left out, wherever it stands', () => {
  for (const [page, text] of [
    ['a<template><p>no</p></template>b', 'ab'],
    ['<table><tr><td>x<template>no</template></table>', 'x'],
    ['<script><!-- <script> </script> no --></script>yes', 'yes'],
    ['<style>a > b { content: "</p>" }</style>yes', 'yes'],
    ['<noscript>no</noscript><svg><title>no</title><text>no</text></svg>yes', 'yes'],
    ['<textarea><b>x</b>\n y</textarea>', '<b>x</b>\n y'],
    ['<plaintext><b>x</b>', '<b>x</b>'],
  ] as const)
    assert.is(htmlText(page).text, text, page);
});

test('F14: blocks, tables and lists', () => {
  for (const [page, text] of [
    ['<h1>a</h1><p>b<p>c', 'a\n\nb\n\nc'],
    ['a<div>b<div>c</div></div>d<br>e', 'a\nb\nc\nd\ne'],
    ['<ul><li>a<ul><li>b</ul><li>c</ul>', 'a\nb\nc'],
    ['<table><caption>t</caption><thead><tr><th>a<th>b<tbody><tr><td>1<td> 2 </table>end', 't\na\tb\n1\t2\nend'],
    // What has no place in a table goes before it.
    ['<table>x<tr><td>y</table>', 'x\ny'],
    ['one<b>two</b> <i>three</i><span> four</span>', 'onetwo three four'],
    ['<pre>\n  a\n\tb</pre>c', 'a\n\tb\n\nc'],
    ['<p>\u3000中文&nbsp;a\u2003b', '中文\u00a0a\u2003b'],
  ] as const)
    assert.is(htmlText(page).text, text, page);
});

test('F14: title and language are at hand', () => {
  const page = (head: string, rest: string) => `<!doctype html>${head}${rest}`;
  const { title, language } = htmlText(
    page(
      '<html lang=" de-AT "><head><meta charset=utf-8><title>A &amp;\n B</title>',
      '<svg><title>no</title></svg><title>late</title>x',
    ),
  );
  assert.is(title, 'A & B');
  assert.is(language, 'de-AT');
  assert.is(htmlText('<body lang=zh><svg><title>no</title></svg>x<title>found</title>').title, 'found');
  assert.is(htmlText('<body lang=zh>x').language, 'zh');
  assert.is(htmlText('<p lang=fr>x').language, undefined);
});

test('F14: a page that grows without end while it is repaired is refused', () => {
  // Each paragraph begins anew all elements of the first: 300 times 300 elements from 6 kB.
  const open = Array.from({ length: 300 }, (_, number) => `<b id=${number}>`).join('');
  assert.throws(() => htmlText(`<p>${open}</p>${'<p>x'.repeat(300)}`), /mend its HTML/);
});

test('hostile pages take time in proportion to their length', () => {
  // Of the processor, so that other programs beside it do not count.
  const start = process.cpuUsage();
  for (const piece of ['<', '<a ', '<!--', '<a "', '&#', '<title>', '</', '<pre><p>', '<b><p>', '<table><td>', ' a'])
    htmlText(piece.repeat(20_000));
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < 5_000_000, `${(user + system) / 1000} ms`);
});

test.run();
