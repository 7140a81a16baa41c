import type { SourceFile } from '../../ingest/index.ts';
import { OFFICE_SAMPLES } from './office-samples.ts';
import { PICTURE_SAMPLES } from './picture-samples.ts';
import { type ZipEntry, zipFile } from './zip-file.ts';

/** Small files of one format, in English and Chinese, with all that its parser knows. */
export interface ParseSample {
  readonly file: SourceFile;
  /** Of an archive: what is in it, so that what lies inside can be changed, too. */
  readonly entries?: readonly ZipEntry[];
}

const text = (path: string, content: string): ParseSample => ({ file: { path, bytes: Buffer.from(content) } });
const bytes = (path: string, content: Uint8Array): ParseSample => ({ file: { path, bytes: content } });

/** 第一章 总则, 本办法所称的文件，以供阅览和处理的各种文字。 and 第二个段落。 in GB18030. */
const GB18030 = Buffer.from(
  'b5dad2bbd5c220d7dcd4f20a0ab1beb0ecb7a8cbf9b3c6b5c4cec4bcfea3acd2d4b9a9d4c4c0c0bacdb4a6c0edb5c4b8f7d6d6cec4d7d6a1a30a0ab5' +
    'dab6feb8f6b6cec2e4a1a30a',
  'hex',
);

const PAGE = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Valves &amp; pumps</title><meta name="author" content="A. Writer"><script>var a = "<p>no</p>";</script></head>
<body><header class="site-header"><a href="/">Home</a> <a href="/a">Products</a></header>
<nav><ul><li><a href="/1">One</a></li><li><a href="/2">Two</a></li></ul></nav>
<main><h1>Valves &amp; pumps<a class="headerlink" href="#v">¶</a></h1>
<p>A valve <em>opens</em> and closes, as the handbook of the plant says in its first chapter<br>on machines.</p>
<h2>Sizes</h2><table><caption>Sizes of valves</caption><thead><tr><th>Name</th><th colspan="2">Width &lt; height</th></tr></thead>
<tbody><tr><td rowspan="2">small</td><td>10</td><td>20</td></tr><tr><td>11</td><td>a | b</td></tr></tbody></table>
<ul><li>first item<ul><li>inner <b>item</b></li></ul></li><li><p>second</p><p>with two paragraphs</p></li></ul>
<dl><dt>Term</dt><dd>its meaning</dd></dl>
<pre><code class="language-ts">const a = 1;
  b();</code></pre><blockquote><p>Quoted words.</p></blockquote>
<figure><img src="a.png" alt="A valve in section"><figcaption>Figure 1. A valve</figcaption></figure>
<div hidden>unseen</div></main><footer>Copyright</footer></body></html>`;

const CHINESE_PAGE = `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "x"><html xmlns="http://www.w3.org/1999/xhtml" xml:lang="zh-CN"><head><title>系统管理</title></head>
<body><div class="navheader"><a href="a">上一页</a></div><h1><a id="top"/>第 1 章 系统管理</h1><p>作为系统管理员，粗略地了解系统的启动
和配置方式是明智的。</p><h2>1.1. 启动</h2><ol><li>打开电源</li><li>等待</li></ol>
<div class="table"><p class="title">表 1.1. 命令</p><table><tr><th>命令</th><th>说明</th></tr><tr><td>ls</td><td>列出文件</td></tr></table></div></body></html>`;

const MARKDOWN = `---
title: Pump handbook
lang: en
weight: 3
---

# Pumps

A *pump* moves ![water](w.png) & more,  
line two.

Setext heading
--------------

- one
  - inner with \`code\`

    second paragraph
- [x] done

1. first
2. second

| Name | 数量 |
|------|-----:|
| a \\| b | 三 |

\`\`\`python
def f():
    return 1
\`\`\`

> quoted
> words

<details><summary>More</summary><p align="center">HTML words</p></details>

![A figure](f.png)

[^1]: A footnote.
`;

const CHINESE_MARKDOWN = `# 水泵手册

水泵用来输送
液体。

## 第一节 安装

* 准备工具
* 关闭阀门

\`\`\`
echo 你好
\`\`\`
`;

const PLAIN = `Pump handbook
=============

1.1. Purpose

A pump moves water from one place to another,
and is driven by a motor.

1.2. Parts

* the motor, which
  turns
* the wheel
  - its blades

Name      Width
small     10
large     20
`;

const CHINESE_PLAIN = `第一章　总则

　　为了规范管理，制定本办法。
　　本办法适用于全国。

第二章　分则

（一）第一项
（二）第二项
`;

const MAIL = `Received: by mx.example.org; Mon, 02 Mar 2026 10:00:01 +0800
From: =?GB2312?B?1cXI/Q==?= <zhang@example.org>
To: Ann <ann@example.org>
Subject: =?UTF-8?B?5Lya6K6u?= notes
Date: Mon, 02 Mar 2026 10:00:00 +0800
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="X"

--X
Content-Type: multipart/alternative; boundary=Y

--Y
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Hello all,
the caf=C3=A9 is closed. =E4=BD=A0=E5=A5=BD

> quoted line one
> and two

Regards
--Y
Content-Type: text/html; charset=utf-8

<p>Hello all, the caf&eacute; is closed. &#20320;&#22909;</p><blockquote>quoted line one and two</blockquote><p>Regards</p>
--Y--
--X
Content-Type: application/pdf; name="a.pdf"
Content-Disposition: attachment; filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf
Content-Transfer-Encoding: base64

JVBERi0=
--X--
`;

const HTML_MAIL = `From: b@example.org
Subject: two
Date: Mon, 02 Mar 2026 11:00:00 +0800
Message-ID: <2@example.org>
Content-Type: text/html; charset=gb2312
Content-Transfer-Encoding: base64

PHA+1tDOxDwvcD4=
`;

const MAILBOX = `From a@example.org Mon Mar  2 10:00:00 2026\n${MAIL}\nFrom b@example.org Mon Mar  2 11:00:00 2026\n${HTML_MAIL}`;

const EPUB_ENTRIES: readonly ZipEntry[] = [
  { name: 'mimetype', bytes: Buffer.from('application/epub+zip'), stored: true },
  {
    name: 'META-INF/container.xml',
    bytes: Buffer.from(
      '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
    ),
  },
  {
    name: 'OPS/book.opf',
    bytes:
      Buffer.from(`<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>水泵 and pumps</dc:title><dc:language>zh-CN</dc:language><dc:creator>A. Writer</dc:creator></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/><item id="c2" href="text/two.xhtml" media-type="application/xhtml+xml"/>
<item id="c1" href="text/one%20a.xhtml" media-type="application/xhtml+xml"/><item id="pic" href="a.png" media-type="image/png"/></manifest>
<spine><itemref idref="nav"/><itemref idref="c1"/><itemref idref="c2"/></spine></package>`),
  },
  {
    name: 'OPS/nav.xhtml',
    bytes: Buffer.from('<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li>one</li></ol></nav></body></html>'),
  },
  {
    name: 'OPS/text/one a.xhtml',
    bytes: Buffer.from(
      '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><h1>Pumps<a id="p1"/></h1><p>A pump moves water.</p></body></html>',
    ),
  },
  {
    name: 'OPS/text/two.xhtml',
    bytes: Buffer.from(
      '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>2</title></head><body><h1>水泵</h1><p>水泵输送液体。</p><nav>x</nav></body></html>',
    ),
  },
];

const LAW = `中华人民共和国试验法
（2020年1月1日第一届全国人民代表大会第一次会议通过）

目　　录
第一编　总　　则
第一章　试　　验
第二编　分　　则
附　　则

第一编　总　　则
第一分编　通　　则
第一章　试　　验
第一节　条　　件
第一条　为了规范试验，制定本法。
第二条　试验应当具备下列条件：
（一）有试验人员；
（二）有试验场所。
第二条之一　依照
第三条规定试验的，从其规定。
第二编　分　　则
第三条　【申请】申请试验的，
应当提交申请书。
附　　则
第四条　本法自2021年1月1日起施行。
`;

/** By `Parser.format`. */
export const PARSE_SAMPLES: Readonly<Record<string, readonly ParseSample[]>> = {
  html: [text('valves.html', PAGE), text('admin.xhtml', CHINESE_PAGE)],
  markdown: [text('pumps.md', MARKDOWN), text('shuibeng.md', CHINESE_MARKDOWN)],
  text: [text('pumps.txt', PLAIN), text('fa.txt', CHINESE_PLAIN), bytes('gb.txt', GB18030)],
  'law-zh': [text('law.txt', LAW)],
  json: [
    text(
      'records.json',
      '[{"_id":"1","title":"A","text":"One.\\n\\nTwo.","url":"https://example.org","metadata":{"language":"en","n":1}},{"text":"三"}]',
    ),
    text('any.json', '{"title":"T","a":{"b":["x \\ud83d\\ude00","y"],"c":3,"d":null},"e":"水泵"}'),
  ],
  jsonl: [text('lines.jsonl', '{"_id":"1","text":"One"}\n\n{"title":"二","text":"水泵\\n\\n输送"}\n["a",{"b":"c"}]\n')],
  csv: [
    text('sizes.csv', 'name,city,width\n"small, ""one""",Bonn,10\n大号,"上海\n市",20\n'),
    text('sizes.tsv', 'name\twidth\nsmall\t10\n'),
    text('semicolons.csv', '1;2,5;a\n3;4,5;b\n'),
  ],
  mail: [text('one.eml', MAIL), text('box.mbox', MAILBOX)],
  epub: [{ file: { path: 'book.epub', bytes: zipFile(EPUB_ENTRIES) }, entries: EPUB_ENTRIES }],
  image: PICTURE_SAMPLES,
  ...OFFICE_SAMPLES,
};
