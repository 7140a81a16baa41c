import { readdir } from 'node:fs/promises';
import Fastify from 'fastify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileFilter, filterSchema } from '../../../../search/index.ts';
import { splitCitations, splitSentences } from '../../../../server/web/site/page/answer-text.ts';
import { buildFilter, fieldClause, prefixRange } from '../../../../server/web/site/page/build-filter.ts';
import { cutAtBytes, markQuote } from '../../../../server/web/site/page/byte-span.ts';
import { readEventStream } from '../../../../server/web/site/page/event-stream.ts';
import { languageOf } from '../../../../server/web/site/page/look.ts';
import type { Settings } from '../../../../server/web/site/page/settings.ts';
import { STRINGS } from '../../../../server/web/site/page/strings.ts';
import { BATCH_BYTES, BATCH_FILES, base64Of, batchesOf, sharesSent } from '../../../../server/web/site/page/upload-batch.ts';
import { registerSite } from '../../../../server/web/site/register-site.ts';
import { PAGE_MODULES, siteScript } from '../../../../server/web/site/site-script.ts';
import { SITE_STYLE } from '../../../../server/web/site/style/site-style.ts';
import { collect } from '../../../fixtures/temporary-folder.ts';
import { codeOf, filesBelow } from '../../../meta/imports.ts';

const test = suite('the page of the server');

test('the page is asked for anew, what belongs to it is kept for ever, and nothing of it may load from elsewhere', async () => {
  const server = Fastify();
  registerSite(server);
  const page = await server.inject('/');
  assert.is(page.statusCode, 200);
  assert.match(page.headers['content-type'] as string, /^text\/html; charset=utf-8/);
  assert.is(page.headers['cache-control'], 'no-cache');
  assert.is((await server.inject({ url: '/', headers: { 'if-none-match': page.headers.etag! } })).statusCode, 304);
  const policy = page.headers['content-security-policy'] as string;
  assert.match(policy, /^default-src 'none'; /);
  assert.not.match(policy, /unsafe|https?:|data:|\*/);
  assert.equal([page.headers['x-content-type-options'], page.headers['referrer-policy']], ['nosniff', 'no-referrer']);
  // No script and no style stands in the page itself.
  assert.not.match(page.body, /<style|style=|<script>| on\w+=/);
  const needed = new Set([...page.body.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path]) => path!));
  assert.is(needed.size, 3);
  for (const path of needed) {
    // Relative: the page may lie below a path of a proxy.
    assert.match(path, /^assets\/\w+-[0-9a-f]{16}\.(js|css|svg)$/);
    const { statusCode, headers } = await server.inject(`/${path}`);
    assert.is(statusCode, 200, path);
    assert.is(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.is(headers['x-content-type-options'], 'nosniff');
    assert.match(headers['content-type'] as string, /^(text\/javascript|text\/css|image\/svg\+xml)/);
  }
  await server.close();
});

test('the script has all modules of the page, and each name once', async () => {
  const files = (await readdir(new URL('../../../../server/web/site/page/', import.meta.url))).filter(
    (name) => name !== 'wire.ts',
  );
  assert.is(PAGE_MODULES.length, files.length);
  const names = PAGE_MODULES.flatMap((names) => Object.keys(names));
  assert.equal(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
  const script = siteScript();
  // It is one whole script.
  assert.type(new Function(script), 'function');
  assert.ok(names.length > 80 && script.length > 40_000);
});

test('whatever a module of the page declares it exports: the script is made of exports', () => {
  for (const path of filesBelow('server/web/site/page')) {
    for (const [line] of codeOf(path).matchAll(/^(?:async )?(?:function|class|const|let|var)\b.*$/gm))
      assert.unreachable(`${path}: ${line}`);
    assert.not.match(
      codeOf(path),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\b|import\(|^import .* as /m,
      path,
    );
  }
});

test('all words are there in both languages, with the same values', () => {
  const values = (text: string) => [...new Set([...text.matchAll(/\{(\w+)/g)].map(([, name]) => name))].sort();
  for (const [key, [english, chinese]] of Object.entries<readonly [string, string]>(STRINGS)) {
    assert.ok(english !== '' && chinese !== '', key);
    assert.equal(values(chinese), values(english), key);
    if (!/\{|^English$|^中文$|^year$|^2025/.test(english)) assert.match(chinese, /\p{Script=Han}/u, key);
  }
  const used = filesBelow('server/web/site/page')
    .filter((path) => !path.endsWith('strings.ts'))
    .map(codeOf)
    .join('\n');
  for (const key of Object.keys(STRINGS)) assert.ok(used.includes(`'${key}'`), `${key} is said nowhere`);
});

test('the language is the one that is chosen, else the first of the reader that the page has', () => {
  const settings = (language: string) => ({ language }) as unknown as Settings;
  assert.is(languageOf(settings('browser'), ['de', 'zh-TW', 'en']), 'zh');
  assert.is(languageOf(settings('browser'), ['de', 'en-GB', 'zh']), 'en');
  assert.is(languageOf(settings('browser'), ['de']), 'en');
  assert.is(languageOf(settings('en'), ['zh']), 'en');
});

test('the style names no colour beside its tokens, and draws nothing from elsewhere', () => {
  assert.not.match(SITE_STYLE, /url\(|@import/);
  const names = (pattern: RegExp) => new Set([...SITE_STYLE.matchAll(pattern)].map(([, name]) => name!));
  const defined = names(/(--[\w-]+):/g);
  for (const name of names(/var\((--[\w-]+)/g)) assert.ok(defined.has(name) || name === '--share', name);
});

/** A stream of bytes that is cut into pieces of a size. */
function streamOf(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = Buffer.from(text);
  const pieces = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => new Uint8Array(bytes.subarray(i * size, (i + 1) * size)),
  );
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

test('events are the same wherever their bytes are cut, with every kind of line end', async () => {
  const text =
    ': hello\n\nevent: delta\ndata: {"text":\ndata: "八小时 – 1"}\n\nid: 3\n\ndata: 7\n\nevent: done\ndata: "cut off"\n';
  const expected = [
    { event: 'delta', data: { text: '八小时 – 1' } },
    { event: 'message', data: 7 },
  ];
  for (const end of ['\n', '\r\n', '\r']) {
    for (let size = 1; size <= 40; size++)
      assert.equal(
        await collect(readEventStream(streamOf(text.replaceAll('\n', end), size))),
        expected,
        `${JSON.stringify(end)} ${size}`,
      );
  }
});

test('a quote is found by its bytes, by its words, by its words over line ends, or not at all', () => {
  const text = 'Vor “ä” steht 八小时, dann\nfolgt der Rest.';
  const start = Buffer.byteLength('Vor “ä” steht ');
  assert.equal(cutAtBytes(text, { start, end: start + 9 }), ['Vor “ä” steht ', '八小时', ', dann\nfolgt der Rest.']);
  for (const span of [
    { start: start + 1, end: start + 9 },
    { start, end: start + 8 },
    { start, end: 1000 },
    { start: -1, end: 3 },
    { start: 4, end: 4 },
  ])
    assert.is(cutAtBytes(text, span), undefined);
  // A place that has other words gives way to the words.
  assert.equal(markQuote(text, '八小时', { start: 0, end: 3 })?.[1], '八小时');
  assert.equal(markQuote(text, ' dann folgt '), ['Vor “ä” steht 八小时, ', 'dann\nfolgt', ' der Rest.']);
  assert.is(markQuote(text, 'Rest (nicht)'), undefined);
  assert.is(markQuote(text, ''), undefined);
  assert.equal(markQuote('\uFEFFab', 'b', { start: 4, end: 5 }), ['\uFEFFa', 'b', '']);
});

test('sentences are complete when nothing can be added to them; together they are the text', () => {
  const text = 'Version 2.5 is out. [1] It costs 3.50! “Really?” Yes。真的。[2]他说：“好。”走了\n\n- one\n- two';
  assert.equal(splitSentences(text), [
    ['Version 2.5 is out. [1] ', 'It costs 3.50! ', '“Really?” ', 'Yes。', '真的。', '[2]他说：“好。”', '走了\n\n', '- one\n'],
    '- two',
  ]);
  for (let cut = 0; cut <= text.length; cut++) {
    const [complete, rest] = splitSentences(text.slice(0, cut));
    assert.is(complete.join('') + rest, text.slice(0, cut));
  }
  assert.equal(splitCitations('a [1][2] b [3, 4] c [x] [12345] [5]'), ['a ', 1, 2, ' b ', 3, 4, ' c [x] [12345] ', 5]);
});

test('filters are those that the server reads, and find what the form says', () => {
  assert.is(buildFilter({ source: ' ', language: '', rows: [{ key: 'year', value: ' ' }] }), undefined);
  const filter = buildFilter({
    source: 'guide/',
    language: 'en',
    rows: [
      { key: 'year', value: '2025, 2026' },
      { key: 'labels', value: 'staff' },
    ],
  });
  const passes = compileFilter(filterSchema.parse(filter));
  const passage = { source: 'guide/a.md', language: 'en', labels: ['staff'], fields: { year: 2026 } };
  assert.ok(passes('d', passage));
  for (const other of [
    { source: 'guid/a.md' },
    { source: 'guide0' },
    { language: 'zh' },
    { labels: ['others'] },
    { fields: { year: 2024 } },
    { fields: {} },
  ])
    assert.not(passes('d', { ...passage, ...other }), JSON.stringify(other));
  assert.ok(passes('d', { ...passage, fields: { year: '2025' } }), 'a year may be a text');
  assert.equal(fieldClause('open', 'true'), { field: 'fields.open', in: ['true', true] });
  assert.equal(fieldClause('fields.note', 'a'), { field: 'fields.note', equals: 'a' });
});

test('texts that begin so lie within the bounds, and no others: against startsWith', () => {
  const texts = [
    '',
    'a',
    'ab',
    'abc',
    'b',
    'é',
    '法',
    '法律/1',
    '\uD7FF',
    '\uE000',
    '\u{10FFFF}',
    '\u{10FFFF}a',
    'a\u{10FFFF}',
    'a\u{10FFFF}z',
    '\u{1F600}',
    '\u{1F600}x',
    '\u{1F601}',
  ];
  const within = (field: string, range: object) => compileFilter(filterSchema.parse({ field, range }));
  for (const prefix of texts.filter((text) => text !== '')) {
    const passes = within('source', prefixRange(prefix));
    for (const source of texts) assert.is(passes('d', { source }), source.startsWith(prefix), JSON.stringify([prefix, source]));
  }
});

test('files go in batches, in their order, no name twice in one', () => {
  const files = Array.from({ length: 40 }, (_, i) => ({ source: `${i}`, size: 10 }));
  assert.equal(
    batchesOf(files).map((batch) => batch.length),
    [BATCH_FILES, BATCH_FILES, 40 - 2 * BATCH_FILES],
  );
  const large = { source: 'large', size: 2 * BATCH_BYTES };
  const small = { source: 'small', size: 5 };
  assert.equal(batchesOf([small, large, small, small]), [[small], [large], [small], [small]]);
  assert.equal(batchesOf([]), []);
  // 100 of 150 bytes have gone: all of the first, half of the second, nothing of the third; of an empty file nothing has to go.
  assert.equal(sharesSent([75, 50, 25, 0], 100), [1, 0.5, 0, 0]);
  assert.equal(sharesSent([75, 50, 25, 0], 150), [1, 1, 1, 1]);
});

test('bytes as Base64: as Node writes them', async () => {
  const bytes = new Uint8Array(100_000).map((_, i) => (i * 7919) >> 3);
  assert.is(await base64Of(new Blob([bytes])), Buffer.from(bytes).toString('base64'));
});

test.run();
