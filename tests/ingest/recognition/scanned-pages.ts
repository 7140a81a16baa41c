import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { openPdf } from '../../../ingest/parse/pdf/document.ts';
import { drawBox } from '../../../ingest/parse/pdf/draw-page.ts';
import { readPage } from '../../../ingest/parse/pdf/page-runs.ts';
import { rowsOf, textOfRow } from '../../../ingest/parse/pdf/rows.ts';
import { missingRecognitionFiles, type Pixels } from '../../../ingest/recognition/index.ts';

/** Folder of the models that `cem fetch-ocr` brings; undefined, and a line that says so, where they are not there. */
export function ocrModels(): string | undefined {
  const places = [process.env['CEM_OCR_MODELS'], fileURLToPath(new URL('../../../.cache/ocr', import.meta.url))];
  const found = places.find((place) => place !== undefined && existsSync(place) && missingRecognitionFiles(place).length === 0);
  if (found === undefined) console.log('skipped: the models of OCR (cem fetch-ocr --into .cache/ocr fetches them)');
  return found;
}

interface ScannedPage {
  /** 150 dots an inch. */
  readonly pixels: Pixels;
  /** The page's own text, row by row. */
  readonly text: string;
}

/** Pages of a PDF as a scanner would see them, with the texts that they have. */
export async function scannedPages(path: string, numbers: readonly number[], dotsPerInch = 150): Promise<ScannedPage[]> {
  const document = await openPdf({ path, bytes: new Uint8Array(readFileSync(path)) });
  try {
    const pages: ScannedPage[] = [];
    for (const number of numbers) {
      const page = await document.getPage(number);
      const { width, height, runs } = await readPage(page);
      const pixels = await drawBox(page, { left: 0, top: 0, right: width, bottom: height }, dotsPerInch / 72);
      pages.push({ pixels: pixels!, text: rowsOf(runs).map(textOfRow).join('\n') });
    }
    return pages;
  } finally {
    await document.destroy();
  }
}

/** A PDF of pictures alone, each a page. */
export async function pdfOfPictures(pictures: readonly Pixels[], dotsPerInch = 150): Promise<Uint8Array> {
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n', 'latin1')];
  const offsets: number[] = [];
  let length = parts[0]!.length;
  const push = (part: Buffer): void => {
    parts.push(part);
    length += part.length;
  };
  const object = (number: number, head: string, stream?: Buffer): void => {
    offsets[number] = length;
    push(Buffer.from(`${number} 0 obj\n${head}\n`));
    if (stream !== undefined) for (const part of [Buffer.from('stream\n'), stream, Buffer.from('\nendstream\n')]) push(part);
    push(Buffer.from('endobj\n'));
  };
  object(1, '<< /Type /Catalog /Pages 2 0 R >>');
  const pageOf = (index: number): number => 3 + 3 * index;
  object(
    2,
    `<< /Type /Pages /Kids [${pictures.map((_, index) => `${pageOf(index)} 0 R`).join(' ')}] /Count ${pictures.length} >>`,
  );
  for (const [index, { width, height, data }] of pictures.entries()) {
    const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 90 })
      .toBuffer();
    const page = pageOf(index);
    const [wide, tall] = [(width * 72) / dotsPerInch, (height * 72) / dotsPerInch];
    const drawn = Buffer.from(`q ${wide} 0 0 ${tall} 0 0 cm /Im Do Q`);
    object(
      page,
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${wide} ${tall}] /Resources << /XObject << /Im ${page + 1} 0 R >> >> /Contents ${page + 2} 0 R >>`,
    );
    object(
      page + 1,
      `<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode /Length ${jpeg.length} >>`,
      jpeg,
    );
    object(page + 2, `<< /Length ${drawn.length} >>`, drawn);
  }
  const table = offsets.slice(1).map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  const start = length;
  push(Buffer.from(`xref\n0 ${offsets.length}\n0000000000 65535 f \n${table.join('')}`));
  push(Buffer.from(`trailer\n<< /Size ${offsets.length} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`));
  return new Uint8Array(Buffer.concat(parts));
}

/** Levenshtein's distance over the length of what is right. */
export function characterErrorRate(right: string, got: string): number {
  const [wanted, read] = [[...right], [...got]];
  let before = Uint32Array.from({ length: read.length + 1 }, (_, index) => index);
  for (const [row, character] of wanted.entries()) {
    const next = new Uint32Array(read.length + 1);
    next[0] = row + 1;
    for (let column = 1; column <= read.length; column++)
      next[column] = Math.min(
        before[column]! + 1,
        next[column - 1]! + 1,
        before[column - 1]! + (read[column - 1] === character ? 0 : 1),
      );
    before = next;
  }
  return before[read.length]! / wanted.length;
}
