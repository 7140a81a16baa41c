/** A small writer of PDF files for tests: text and lines at places, in fonts that the reader brings. */

export interface DrawnText {
  readonly text: string;
  /** From the page's left edge and from its upper edge to the line that letters stand on, in points. */
  readonly x: number;
  readonly y: number;
  readonly size?: number;
  /** `F1` Helvetica, `F2` Helvetica-Bold, `F3` Courier, `F4` a Chinese font by Adobe-GB1, which is not embedded. */
  readonly font?: 'F1' | 'F2' | 'F3' | 'F4';
  /** Degrees, against the clock. */
  readonly turned?: number;
}

interface DrawnLine {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

export interface DrawnPage {
  readonly texts?: readonly DrawnText[];
  readonly lines?: readonly DrawnLine[];
  /** Operators that go before the rest. */
  readonly operators?: string;
}

export interface PdfSettings {
  readonly title?: string;
  readonly language?: string;
  /** Entries of the trailer, for a file that is protected. */
  readonly trailer?: string;
  readonly objects?: readonly string[];
  /** Objects of images, which pages draw as `/Im1`, `/Im2`, … */
  readonly images?: readonly string[];
  readonly outline?: readonly { readonly title: string; readonly page: number }[];
}

const PAGE_WIDTH = 600;
const PAGE_HEIGHT = 800;

/** ASCII as it stands, Chinese as UCS-2. */
function shown({ text, font = 'F1' }: DrawnText): string {
  if (font === 'F4') return `<${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`;
  return `(${text.replace(/[\\()]/g, '\\$&').replaceAll('\u2022', '\\225')})`;
}

function content({ texts = [], lines = [], operators = '' }: DrawnPage): string {
  const drawn = texts.map((each) => {
    const { x, y, size = 10, font = 'F1', turned = 0 } = each;
    const [cosine, sine] = [Math.cos((turned * Math.PI) / 180), Math.sin((turned * Math.PI) / 180)].map((value) =>
      value.toFixed(5),
    );
    return `BT /${font} ${size} Tf ${cosine} ${sine} ${-Number(sine)} ${cosine} ${x} ${PAGE_HEIGHT - y} Tm ${shown(each)} Tj ET`;
  });
  const ruled = lines.map(({ from, to }) => `${from[0]} ${PAGE_HEIGHT - from[1]} m ${to[0]} ${PAGE_HEIGHT - to[1]} l S`);
  return [operators, ...ruled, ...drawn].join('\n');
}

export function writePdf(
  pages: readonly DrawnPage[],
  { title, language, trailer = '', objects: more = [], images = [], outline = [] }: PdfSettings = {},
): Uint8Array {
  const objects: string[] = [];
  const add = (body: string): number => objects.push(body);
  const text = (value: string): string => `<feff${Buffer.from(value, 'utf16le').swap16().toString('hex')}>`;
  const catalog = add('');
  const tree = add('');
  const plain = (name: string): number => add(`<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`);
  const fonts = [plain('Helvetica'), plain('Helvetica-Bold'), plain('Courier')];
  const descriptor = add(
    '<< /Type /FontDescriptor /FontName /SimSun /Flags 4 /Ascent 800 /Descent -200 /ItalicAngle 0 /CapHeight 700 /StemV 80 /FontBBox [0 -200 1000 900] >>',
  );
  const cid = add(
    `<< /Type /Font /Subtype /CIDFontType0 /BaseFont /SimSun /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 /FontDescriptor ${descriptor} 0 R >>`,
  );
  fonts.push(add(`<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /UniGB-UCS2-H /DescendantFonts [${cid} 0 R] >>`));
  const named = (name: string, numbers: readonly number[]): string =>
    numbers.map((number, index) => `/${name}${index + 1} ${number} 0 R`).join(' ');
  const drawn = images.length === 0 ? '' : `/XObject << ${named('Im', images.map(add))} >> `;
  const resources = `<< /Font << ${named('F', fonts)} >> ${drawn}>>`;
  const kids = pages.map((page) => {
    const stream = content(page);
    const contents = add(`<< /Length ${Buffer.byteLength(stream)} >>\nstream\n${stream}\nendstream`);
    return add(
      `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 ${PAGE_WIDTH} ${PAGE_HEIGHT}] /Resources ${resources} /Contents ${contents} 0 R >>`,
    );
  });
  objects[tree - 1] = `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>`;
  const root = objects.length + 1;
  const entries = outline.map((_, index) => root + 1 + index);
  if (outline.length > 0) {
    add(`<< /Type /Outlines /First ${entries[0]} 0 R /Last ${entries.at(-1)} 0 R /Count ${entries.length} >>`);
    for (const [index, entry] of outline.entries()) {
      const next = entries[index + 1] === undefined ? '' : `/Next ${entries[index + 1]} 0 R`;
      add(
        `<< /Title ${text(entry.title)} /Parent ${root} 0 R /Dest [${kids[entry.page - 1]} 0 R /XYZ null null null] ${next} >>`,
      );
    }
  }
  objects[catalog - 1] =
    `<< /Type /Catalog /Pages ${tree} 0 R ${language === undefined ? '' : `/Lang (${language})`} ${outline.length > 0 ? `/Outlines ${root} 0 R` : ''} >>`;
  const information = title === undefined ? '' : `/Info ${add(`<< /Title ${text(title)} >>`)} 0 R`;
  for (const body of more) add(body);

  let file = '%PDF-1.7\n';
  const offsets = objects.map((body, index) => {
    const offset = Buffer.byteLength(file);
    file += `${index + 1} 0 obj\n${body}\nendobj\n`;
    return offset;
  });
  const start = Buffer.byteLength(file);
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  for (const offset of offsets) file += `${String(offset).padStart(10, '0')} 00000 n \n`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root ${catalog} 0 R ${information} ${trailer} >>\nstartxref\n${start}\n%%EOF\n`;
  return new Uint8Array(Buffer.from(file));
}

/** Lines below each other, from the upper left corner on. */
export function paragraph(lines: readonly string[], x: number, y: number, style: Partial<DrawnText> = {}): DrawnText[] {
  const leading = 1.2 * (style.size ?? 10);
  return lines.map((text, index) => ({ ...style, text, x, y: y + index * leading }));
}
