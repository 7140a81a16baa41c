import sharp from 'sharp';
import type { SourceFile } from '../../ingest/index.ts';

const DRAWING = `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="160" height="96" viewBox="0 0 160 96">
<title>Pumps</title><style>rect { stroke: #333 } @import url(http://example.org/a.css);</style>
<defs><g id="a"><rect x="4" y="10" width="20" height="80" fill="#246"/></g></defs>
<rect width="160" height="96" fill="#fff"/><use href="#a"/><use xlink:href="#a" x="40"/><use href="http://example.org/b.svg#c"/>
<image href="data:image/png;base64,iVBORw0KGgo=" width="9" height="9"/><script>run()</script>
<a href="http://example.org"><text x="80" y="50">水泵 &amp; pumps <tspan>2024</tspan></text></a></svg>`;

/** The drawing as a small picture of each format, with all that is written beside pixels. */
async function samples(): Promise<{ readonly file: SourceFile }[]> {
  const bars = sharp(Buffer.from(DRAWING.replace(/<(style|script|image)[\s\S]*?(?:<\/\1>|\/>)/g, ''))).flatten({
    background: '#fff',
  });
  const spoken = { IFD0: { ImageDescription: 'a pump', Copyright: 'nobody' } };
  const files = [{ file: { path: 'pump.svg', bytes: Uint8Array.from(Buffer.from(DRAWING)) } }];
  for (const format of ['png', 'jpeg', 'webp', 'gif'] as const) {
    const bytes = await bars.clone().withExif(spoken).toFormat(format).toBuffer();
    files.push({ file: { path: `pump.${format}`, bytes: Uint8Array.from(bytes) } });
  }
  return files;
}

/** Pictures by themselves. */
export const PICTURE_SAMPLES = await samples();
