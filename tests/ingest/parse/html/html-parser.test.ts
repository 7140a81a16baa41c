import { parseFragment } from 'parse5';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { declaredEncoding, detectText } from '../../../../data/index.ts';
import { htmlParser } from '../../../../ingest/parse/html/html-parser.ts';
import { PARSE_SAMPLES } from '../../../../scripts/fuzz/parse-samples.ts';
import { blocksOf, parsed, sampleContract } from '../sample-contract.ts';

const test = suite('html parser');

type Tree = {
  readonly value?: string;
  readonly attrs?: readonly { readonly name: string; readonly value: string }[];
  readonly childNodes?: readonly Tree[];
};

/** Text of a piece of a page, by another way than the parser's. */
function readable(piece: string): string {
  const textOf = ({ value = '', attrs = [], childNodes = [] }: Tree): string =>
    value + (attrs.find(({ name }) => name === 'alt')?.value ?? '') + childNodes.map(textOf).join('');
  // Parts of broken tables change places: the piece without its tags stands beside it.
  return `${textOf(parseFragment(piece) as Tree)} ${piece.replace(/<\/?[a-z][^>]*>/gi, '')}`;
}

sampleContract('html', {
  decode: ({ bytes, path }) => detectText(bytes, path, declaredEncoding(bytes)).text,
  readable,
});

const [valves, admin] = PARSE_SAMPLES['html']!.map(({ file }) => file);

test('headings, paragraphs, tables, lists, code, quotes and figures in reading order; what surrounds them is left out', async () => {
  const { title, language, fields } = await parsed('a.html', valves!.bytes);
  assert.equal([title, language, fields], ['Valves & pumps', 'en', { author: 'A. Writer' }]);
  assert.equal(await blocksOf('a.html', valves!.bytes), [
    'heading1 Valves & pumps',
    'paragraph A valve opens and closes, as the handbook of the plant says in its first chapter\non machines.',
    'heading2 Sizes',
    'caption Sizes of valves',
    'table | Name | Width < height |  |\n| --- | --- | --- |\n| small | 10 | 20 |\n|  | 11 | a \\| b |',
    'list-item1 first item',
    'list-item2 inner item',
    'list-item1 second\nwith two paragraphs',
    'list-item1 Term\nits meaning',
    'code const a = 1;\n  b();',
    'quote Quoted words.',
    'figure A valve in section',
    'caption Figure 1. A valve',
  ]);
  const { blocks } = await parsed('a.html', valves!.bytes);
  assert.is(blocks.find(({ kind }) => kind === 'code')!.codeLanguage, 'ts');
  assert.equal(blocks.at(-1)!.headings, ['Valves & pumps', 'Sizes']);
});

test('Chinese: lines are joined without spaces, and in pages written as XML a closed element holds nothing', async () => {
  assert.equal(await blocksOf('a.xhtml', admin!.bytes), [
    'heading1 第 1 章 系统管理',
    'paragraph 作为系统管理员，粗略地了解系统的启动和配置方式是明智的。',
    'heading2 1.1. 启动',
    'list-item1 打开电源',
    'list-item1 等待',
    'caption 表 1.1. 命令',
    'table | 命令 | 说明 |\n| --- | --- |\n| ls | 列出文件 |',
  ]);
  assert.is((await parsed('a.xhtml', admin!.bytes)).language, 'zh-CN');
  const swallowed =
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="a.js"/></head><body><p>words</p></body></html>';
  assert.equal(await blocksOf('a.xhtml', swallowed), ['paragraph words']);
});

test('the encoding that a page declares, or that its bytes seem to have', async () => {
  const gb = Buffer.concat([
    Buffer.from('<html><head><meta charset=gb2312></head><body><p>'),
    Buffer.from('d6d0cec4', 'hex'),
    Buffer.from('</p></body></html>'),
  ]);
  assert.equal(await blocksOf('a.html', gb), ['paragraph 中文']);
  const latin = Buffer.from('<html><body><p>caf\xe9 au lait</p></body></html>', 'latin1');
  const { blocks, warnings } = await parsed('a.html', latin);
  assert.is(blocks[0]!.text, 'café au lait');
  assert.match(warnings![0]!, /windows-1252/);
});

test('a page of nothing but lists of links is there for them; lists among paragraphs stay', async () => {
  const links = '<ul><li><a href="a">One</a></li><li><a href="b">Two</a></li><li><a href="c">Three</a></li></ul>';
  assert.equal(await blocksOf('a.html', `<body><h1>Index</h1>${links}</body>`), [
    'heading1 Index',
    'list-item1 One',
    'list-item1 Two',
    'list-item1 Three',
  ]);
  const amongProse = await blocksOf(
    'a.html',
    `<body><h1>T</h1><div><p>There are these pages of ours:</p>${links}<p>and no others.</p></div></body>`,
  );
  assert.is(amongProse.filter((block) => block.startsWith('list-item')).length, 3);
  const beside = await blocksOf(
    'a.html',
    `<body><div>${links}</div><div><h1>T</h1><p>${'Words of the page. '.repeat(9)}</p></div></body>`,
  );
  assert.is(beside.filter((block) => block.startsWith('list-item')).length, 0);
});

test('boxes by their names and roles; a heading before the main part is kept', async () => {
  const page = `<body><header><h1>Title of the page</h1><a href="/">Home</a></header><div class="side-bar sidebar"><a href="a">x</a> <a href="b">y</a></div>
    <div role="navigation">menu</div><main><p>The main part says what the page is there for.</p><aside class="admonition note">Mind this.</aside><aside>See also</aside></main>
    <div class="cookie-consent">We use cookies</div></body>`;
  assert.equal(await blocksOf('a.html', page), [
    'heading1 Title of the page',
    'paragraph The main part says what the page is there for.',
    'paragraph Mind this.',
  ]);
});

test('what is hidden is left out, and read where it is most of the page, with a warning', async () => {
  assert.equal(
    await blocksOf(
      'a.html',
      '<body><p>Shown words of the page</p><p style="display: none">unseen</p><p hidden>unseen</p></body>',
    ),
    ['paragraph Shown words of the page'],
  );
  const later = await parsed('a.html', `<body><p>Few</p><div hidden><p>${'Later words. '.repeat(9)}</p></div></body>`);
  assert.is(later.blocks.length, 2);
  assert.match(later.warnings![0]!, /hidden until a script shows it/);
});

test('tables that only arrange are read as boxes; spans that would fill the memory count for one', async () => {
  const layout = '<table><tr><td><img src="n.png" alt="[Note]"></td><td><p>Mind this.</p></td></tr></table>';
  assert.equal(await blocksOf('a.html', layout), ['figure [Note]', 'paragraph Mind this.']);
  const hostile = `<table>${'<tr><td colspan="1000" rowspan="9999">a<td colspan="1000">b'.repeat(300)}</table>`;
  const { blocks } = await parsed('a.html', hostile);
  assert.is(blocks[0]!.table!.rows.length, 300);
  assert.is(blocks[0]!.table!.rows[0]!.length, 2);
});

test('deep nesting ends', async () => {
  const deep = `${'<div>'.repeat(20_000)}words${'</div>'.repeat(20_000)}`;
  assert.equal(await blocksOf('a.html', deep), ['paragraph words']);
});

test('it is recognised by its beginning', () => {
  for (const start of ['<!DOCTYPE html>', '\ufeff <html>', '<?xml version="1.0"?>\n<!-- a -->\n<html xmlns="x">'])
    assert.is(htmlParser.recognise(Buffer.from(start)), 2, start);
  for (const start of ['', 'text <html>', '<?xml version="1.0"?><svg>'])
    assert.is(htmlParser.recognise(Buffer.from(start)), 0, start);
});

test.run();
