import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BlockFigure } from '../../../../ingest/index.ts';
import { imageParser } from '../../../../ingest/parse/picture/index.ts';
import { parserContract } from '../../../contracts/parser.ts';
import { errorOf } from '../../../fixtures/temporary-folder.ts';
import { chartPicture } from './draw-picture.ts';

const test = suite('pictures by themselves');

const DRAWING = `<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="300" height="200" onload="alert(1)">
<title>Ships</title>
<style>@import url(http://example.org/a.css); circle { fill: url(http://example.org/b.svg#x); }</style>
<script>document.title = 'run'</script>
<image xlink:href="http://example.org/c.png" width="10" height="10"/>
<rect width="300" height="200" fill="#fff"/><rect id="bar" x="20" y="40" width="60" height="150" fill="#246"/>
<use href="#bar" x="100"/><use href="http://example.org/d.svg#bar"/>
<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">page</p></foreignObject>
<a href="http://example.org"><text x="20" y="195">Harbour <tspan>2024</tspan></text></a></svg>`;

async function read(name: string, bytes: Uint8Array): Promise<BlockFigure> {
  const [document] = await imageParser.parse({ path: name, bytes });
  return document!.blocks[0]!.figure!;
}

test('each format becomes a picture that is decoded', async () => {
  for (const [format, type] of [
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['webp', 'image/webp'],
    ['gif', 'image/png'],
  ] as const) {
    const { picture } = await read(`a.${format}`, await chartPicture(1, format));
    assert.equal([picture!.mediaType, picture!.width, picture!.height], [type, 200, 120], format);
    assert.is((await sharp(picture!.bytes).metadata()).format, type.slice('image/'.length));
  }
});

test('a drawing is drawn, and neither runs nor loads', async () => {
  const figure = await read('a.svg', Buffer.from(DRAWING));
  assert.is(figure.alt, 'Ships');
  assert.is(figure.words, 'Harbour 2024');
  assert.equal([figure.picture!.mediaType, figure.picture!.width, figure.picture!.height], ['image/png', 1200, 800]);
  // The bar and its second use are drawn: at 4 times the size, (50, 100) and (150, 100) of the drawing.
  const { data, info } = await sharp(figure.picture!.bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  assert.equal(
    [at(200, 400), at(600, 400)],
    [
      [0x22, 0x44, 0x66],
      [0x22, 0x44, 0x66],
    ],
  );
});

test('entities that a drawing defines are not expanded', async () => {
  const bomb = `<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><svg width="200" height="200"><text>&b;</text></svg>`;
  assert.is((await errorOf(() => read('bomb.svg', Buffer.from(bomb)))).code, 'PARSE_IMAGE');
});

test('what was written beside the pixels is taken out, and the pixels stay', async () => {
  const secret = 'Lighthouse Keeper 51.5N';
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    const plain = await chartPicture(2, format);
    const exif = { IFD0: { Copyright: secret, ImageDescription: secret } };
    const bytes = await sharp(plain)
      .withExif(exif)
      .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><d>${secret}</d></x:xmpmeta>`)
      .toFormat(format)
      .toBuffer();
    assert.ok(bytes.includes(secret), `${format}: the test's own picture has it`);
    const { picture } = await read(`a.${format}`, bytes);
    assert.not.ok(Buffer.from(picture!.bytes).includes(secret), format);
    const metadata = await sharp(picture!.bytes).metadata();
    assert.equal([metadata.exif, metadata.xmp], [undefined, undefined], format);
    assert.equal(await sharp(picture!.bytes).raw().toBuffer(), await sharp(bytes).raw().toBuffer(), `${format}: other pixels`);
  }
});

test('a picture that was held upright stands upright', async () => {
  const bytes = await sharp(await chartPicture(3, 'jpeg'))
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const { picture } = await read('a.jpg', bytes);
  assert.equal([picture!.width, picture!.height], [120, 200]);
});

test('decorations are no figures', async () => {
  assert.is((await read('dot.png', await chartPicture(1, 'png', 40, 40))).leftOut, 'small');
  assert.is((await read('rule.png', await chartPicture(1, 'png', 1000, 8 + 20))).leftOut, undefined);
  const plain = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#eee' } })
    .png()
    .toBuffer();
  assert.is((await read('plain.png', plain)).leftOut, 'plain');
});

test('what declares more pixels than a picture may have is refused before it is unpacked', async () => {
  // A PNG of 60,000 by 60,000 pixels: the head says so, and there is no more.
  const png = Buffer.from(await chartPicture(1));
  png.writeUInt32BE(60_000, 16);
  png.writeUInt32BE(60_000, 20);
  // The head's own checksum (PNG, 5.3).
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  const before = process.memoryUsage().rss;
  for (const [name, bytes] of [
    ['a.png', png],
    [
      'a.svg',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="90000" height="90000"><rect width="9" height="9"/></svg>'),
    ],
  ] as const) {
    assert.is((await errorOf(() => imageParser.parse({ path: name, bytes }))).code, 'PARSE_LIMIT', name);
  }
  assert.ok(process.memoryUsage().rss - before < 2 ** 28);
});

test.run();

parserContract('image', {
  parser: imageParser,
  files: [
    { path: 'chart.png', bytes: await chartPicture(1) },
    { path: 'chart.jpg', bytes: await chartPicture(2, 'jpeg') },
    { path: 'chart.webp', bytes: await chartPicture(3, 'webp') },
    { path: 'chart.gif', bytes: await chartPicture(4, 'gif') },
    { path: 'chart.svg', bytes: Buffer.from(DRAWING) },
  ],
});
