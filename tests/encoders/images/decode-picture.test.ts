import { deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodePicture, pictureMediaType } from '../../../encoders/index.ts';
import { pixels, png } from '../../fixtures/pictures.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('decoding pictures');

test('PNG, WebP, GIF and grey PNG become three bytes a pixel', async () => {
  const colour = (x: number, y: number) => [x * 60, y * 60, 128] as const;
  const drawn = pixels(4, 3, colour);
  const { width, height, data } = await decodePicture(await png(4, 3, colour));
  assert.equal([width, height], [4, 3]);
  assert.equal(Uint8Array.from(data), drawn);
  const raw = sharp(drawn, { raw: { width: 4, height: 3, channels: 3 } });
  const webp = await raw.clone().webp({ lossless: true }).toBuffer();
  assert.equal(Uint8Array.from((await decodePicture(webp)).data), drawn);
  const grey = await sharp(Uint8Array.from([0, 100, 255]), { raw: { width: 3, height: 1, channels: 1 } })
    .png()
    .toBuffer();
  assert.equal([...(await decodePicture(grey)).data], [0, 0, 0, 100, 100, 100, 255, 255, 255]);
  const types = [await png(1, 1, colour), webp, await raw.clone().gif().toBuffer(), await raw.clone().jpeg().toBuffer()];
  assert.equal(types.map(pictureMediaType), ['image/png', 'image/webp', 'image/gif', 'image/jpeg']);
});

test('what is transparent is white, EXIF turns, a wanted size is met without distortion', async () => {
  const clear = await sharp(new Uint8Array(4 * 4), { raw: { width: 2, height: 2, channels: 4 } })
    .png()
    .toBuffer();
  assert.equal([...new Set((await decodePicture(clear)).data)], [255]);
  const turned = await sharp(await png(6, 2, () => [0, 0, 0]))
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const upright = await decodePicture(turned);
  assert.equal([upright.width, upright.height], [2, 6]);
  const { width, height, data } = await decodePicture(await png(8, 4, () => [0, 0, 0]), { size: [4, 4] });
  assert.equal([width, height], [4, 4]);
  // Two rows of four in the middle are the picture; above and below is white.
  assert.equal([data[0], data[3 * 4], data[3 * 8], data[3 * 15]], [255, 0, 0, 255]);
});

test('an SVG is drawn, with nothing from elsewhere', async () => {
  const svg = (body: string, head = '') =>
    Buffer.from(`<?xml version="1.0"?>${head}<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2">${body}</svg>`);
  const red = await decodePicture(svg('<rect width="2" height="2" fill="#ff0000"/>'));
  assert.equal([...red.data.subarray(0, 3)], [255, 0, 0]);
  const outside = await decodePicture(svg(`<image href="file://${process.cwd()}/docs/images/logo.png" width="2" height="2"/>`));
  assert.equal([...new Set(outside.data)], [255]);
  const entities = svg('&a;', '<!DOCTYPE svg [<!ENTITY a "&b;&b;"><!ENTITY b "x">]>');
  assert.is((await errorOf(() => decodePicture(entities))).code, 'PICTURE_UNREADABLE');
  const file = svg('&a;', '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/hostname">]>');
  assert.is((await errorOf(() => decodePicture(file))).code, 'PICTURE_UNREADABLE');
  // Drawing programs name namespaces by entities.
  const named = svg('<rect width="2" height="2" fill="&f;"/>', '<!DOCTYPE svg [<!ENTITY f "#00ff00">]>');
  assert.equal([...(await decodePicture(named)).data.subarray(0, 3)], [0, 255, 0]);
  assert.is((await errorOf(() => decodePicture(gzipSync(svg(''))))).code, 'PICTURE_UNREADABLE');
  const wide = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="60000" height="60000"/>');
  assert.match((await errorOf(() => decodePicture(wide))).code, /^PICTURE_/);
});

/** A PNG that declares its size and holds rows of zeros, which deflate to nearly nothing: CRC-32 as RFC 1952 has it. */
function bomb(width: number, height: number): Buffer {
  const crcOf = (bytes: Buffer) => {
    let crc = 0xffffffff;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
  };
  const chunk = (type: string, content: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(content.length, 0);
    ends.writeUInt32BE(crcOf(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

test('a bomb is refused by the size that it declares, damage and other files by what they are', async () => {
  const large = await errorOf(() => decodePicture(bomb(50_000, 50_000)));
  assert.is(large.code, 'PICTURE_TOO_LARGE');
  assert.match(large.message, '50000 x 50000');
  const small = await png(40, 40, () => [1, 2, 3]);
  const within = await errorOf(() => decodePicture(small, { maximumPixels: 1599 }));
  assert.is(within.code, 'PICTURE_TOO_LARGE');
  const inside = (href: string) =>
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><image href="${href}" width="4" height="4"/></svg>`,
    );
  const data = (bytes: Buffer) => `data:image/png;base64,${bytes.toString('base64')}`;
  assert.is((await errorOf(() => decodePicture(inside(data(bomb(50_000, 50_000)))))).code, 'PICTURE_TOO_LARGE');
  assert.is((await errorOf(() => decodePicture(inside('&#100;ata:image/png;base64,AAAA')))).code, 'PICTURE_UNREADABLE');
  const red = await decodePicture(inside(data(await png(2, 2, () => [255, 0, 0]))));
  assert.equal([...red.data.subarray(3 * 5, 3 * 6)], [255, 0, 0]);
  const whole = await png(40, 40, (x, y) => [x * y, x, y]);
  assert.is((await errorOf(() => decodePicture(whole.subarray(0, whole.length - 60)))).code, 'PICTURE_UNREADABLE');
  for (const other of ['', 'no picture', '%PDF-1.7\n'])
    assert.is((await errorOf(() => decodePicture(Buffer.from(other)))).code, 'PICTURE_UNREADABLE');
});

test.run();
