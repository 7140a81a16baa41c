import sharp from 'sharp';
import type { Pixels } from '../../../ingest/recognition/index.ts';

/** Two tables: the first is drawn with lines, the second without. */
export const TABLES: readonly (readonly (readonly string[])[])[] = [
  [
    ['Region', 'Revenue', 'Growth', 'Remarks'],
    ['North', '1,204.50', '12.4 %', 'new plant'],
    ['South', '986.00', '-3.1 %', 'strike in May'],
    ['East coast', '2,310.75', '8.0 %', 'two ports'],
    ['West', '145.20', '0.5 %', 'closed'],
  ],
  [
    ['Code', 'Name', 'Weight'],
    ['A-17', 'copper wire', '20.5 kg'],
    ['B-02', 'steel plate', '112 kg'],
    ['C-33', 'glass tube', '3.75 kg'],
    ['D-08', 'rubber hose', '48 kg'],
  ],
];

const [WIDTH, HEIGHT] = [900, 900];
const ROW = 44;

/** A page with both of them and a line of text above each, drawn at 150 dots an inch. */
export async function drawnTables(): Promise<Pixels> {
  const parts: string[] = [];
  const text = (x: number, y: number, words: string): void => {
    parts.push(`<text x="${x}" y="${y}">${words}</text>`);
  };
  const line = (x1: number, y1: number, x2: number, y2: number): void => {
    parts.push(`<path d="M${x1} ${y1}L${x2} ${y2}" stroke="#000" stroke-width="2"/>`);
  };
  const [ruled, plain] = TABLES as [(typeof TABLES)[0], (typeof TABLES)[0]];
  const borders = [80, 250, 410, 560, 800];
  text(80, 90, 'Revenue of the four regions in the second quarter of the year');
  for (const x of borders) line(x, 120, x, 120 + ROW * ruled.length);
  for (let row = 0; row <= ruled.length; row++) line(80, 120 + ROW * row, 800, 120 + ROW * row);
  for (const [row, cells] of ruled.entries())
    for (const [column, cell] of cells.entries()) text(borders[column]! + 12, 151 + ROW * row, cell);
  text(80, 450, 'Goods that are in the store at the end of the second quarter of the year');
  for (const [row, cells] of plain.entries())
    for (const [column, cell] of cells.entries()) text([80, 300, 600][column]!, 520 + ROW * row, cell);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="22">${parts.join('')}</svg>`;
  const { data, info } = await sharp(Buffer.from(svg))
    .flatten({ background: '#fff' })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}
