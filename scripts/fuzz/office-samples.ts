import type { SourceFile } from '../../ingest/index.ts';
import { type DrawnPage, paragraph, writePdf } from '../../tests/ingest/parse/pdf/write-pdf.ts';
import { type ZipEntry, zipFile } from './zip-file.ts';

/** As `ParseSample`. */
interface Sample {
  readonly file: SourceFile;
  readonly entries?: readonly ZipEntry[];
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';

const entry = (name: string, content: string): ZipEntry => ({ name, bytes: Buffer.from(XML + content) });

/** What one part refers to: id, last word of the type, target. */
function relationships(name: string, references: readonly (readonly [id: string, kind: string, target: string])[]): ZipEntry {
  const all = references.map(([id, kind, target]) => {
    const type = kind === 'core-properties' ? `${PACKAGE}/relationships/metadata/core-properties` : `${OFFICE}/${kind}`;
    return `<Relationship Id="${id}" Type="${type}" Target="${target}"/>`;
  });
  return entry(name, `<Relationships xmlns="${PACKAGE}/relationships">${all.join('')}</Relationships>`);
}

const CORE = entry(
  'docProps/core.xml',
  `<cp:coreProperties xmlns:cp="${PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>水泵 and pumps</dc:title><dc:language>zh-CN</dc:language></cp:coreProperties>`,
);

const types = (main: string, type: string): ZipEntry =>
  entry(
    '[Content_Types].xml',
    `<Types xmlns="${PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/${main}" ContentType="application/vnd.openxmlformats-officedocument.${type}.main+xml"/></Types>`,
  );

const root = (main: string): ZipEntry =>
  relationships('_rels/.rels', [
    ['rId1', 'officeDocument', main],
    ['rId2', 'core-properties', 'docProps/core.xml'],
  ]);

const WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const styled = (style: string, text: string) =>
  `<w:p><w:pPr><w:pStyle w:val="${style}"/></w:pPr><w:r><w:t>${text}</w:t></w:r></w:p>`;
const item = (level: number, text: string) =>
  `<w:p><w:pPr><w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>${text}</w:t></w:r></w:p>`;
const wordCell = (text: string, properties = '') =>
  `<w:tc><w:tcPr>${properties}</w:tcPr><w:p><w:r><w:t>${text}</w:t></w:r></w:p></w:tc>`;

const DOCX_ENTRIES: readonly ZipEntry[] = [
  types('word/document.xml', 'wordprocessingml.document'),
  root('word/document.xml'),
  CORE,
  relationships('word/_rels/document.xml.rels', [
    ['rId1', 'styles', 'styles.xml'],
    ['rId2', 'numbering', 'numbering.xml'],
    ['rId3', 'footnotes', 'footnotes.xml'],
  ]),
  entry(
    'word/document.xml',
    `<w:document ${WORD}><w:body>${styled('Title', '水泵手册')}${styled('Heading1', '第一章 Pumps')}<w:p><w:r><w:t xml:space="preserve">A pump moves </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>water</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>${item(0, 'one')}${item(1, '二')}` +
      `<w:tbl><w:tblPr/><w:tr><w:trPr><w:tblHeader/></w:trPr>${wordCell('Name')}${wordCell('数量')}</w:tr><w:tr>${wordCell('a', '<w:gridSpan w:val="2"/>')}</w:tr></w:tbl>${styled('Caption', 'Table 1: Sizes')}</w:body></w:document>`,
  ),
  entry(
    'word/styles.xml',
    `<w:styles ${WORD}>${['Title', 'heading 1', 'caption'].map((name, index) => `<w:style w:type="paragraph" w:styleId="${['Title', 'Heading1', 'Caption'][index]}"><w:name w:val="${name}"/></w:style>`).join('')}</w:styles>`,
  ),
  entry(
    'word/numbering.xml',
    `<w:numbering ${WORD}><w:abstractNum w:abstractNumId="0">${[0, 1].map((level) => `<w:lvl w:ilvl="${level}"><w:numFmt w:val="bullet"/></w:lvl>`).join('')}</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`,
  ),
  entry(
    'word/footnotes.xml',
    `<w:footnotes ${WORD}><w:footnote w:id="2"><w:p><w:r><w:t>脚注 of it.</w:t></w:r></w:p></w:footnote></w:footnotes>`,
  ),
];

const SLIDES = `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="${OFFICE}"`;
const shape = (placeholder: string, ...paragraphs: readonly string[]) =>
  `<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:cNvSpPr/><p:nvPr>${placeholder}</p:nvPr></p:nvSpPr><p:txBody><a:bodyPr/>${paragraphs.map((text) => `<a:p>${text}</a:p>`).join('')}</p:txBody></p:sp>`;
const run = (text: string) => `<a:r><a:rPr lang="en-US"/><a:t>${text}</a:t></a:r>`;
const slideCell = (text: string) => `<a:tc><a:txBody><a:bodyPr/><a:p>${run(text)}</a:p></a:txBody></a:tc>`;
const slide = (name: string, element: string, content: string) =>
  entry(name, `<p:${element} ${SLIDES}><p:cSld><p:spTree><p:nvGrpSpPr/>${content}</p:spTree></p:cSld></p:${element}>`);

const PPTX_ENTRIES: readonly ZipEntry[] = [
  types('ppt/presentation.xml', 'presentationml.presentation'),
  root('ppt/presentation.xml'),
  CORE,
  relationships('ppt/_rels/presentation.xml.rels', [
    ['rId1', 'slide', 'slides/slide1.xml'],
    ['rId2', 'slide', 'slides/slide2.xml'],
  ]),
  entry(
    'ppt/presentation.xml',
    `<p:presentation ${SLIDES}><p:sldIdLst><p:sldId id="256" r:id="rId2"/><p:sldId id="257" r:id="rId1"/></p:sldIdLst></p:presentation>`,
  ),
  slide(
    'ppt/slides/slide1.xml',
    'sld',
    `${shape('<p:ph type="title"/>', run('水泵'))}${shape('<p:ph idx="1"/>', run('one'), `<a:pPr lvl="1"/>${run('inner')}<a:br/>${run('more')}`)}<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tblPr firstRow="1"/><a:tr>${slideCell('Name')}${slideCell('数量')}</a:tr><a:tr>${slideCell('a')}${slideCell('1')}</a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>`,
  ),
  relationships('ppt/slides/_rels/slide1.xml.rels', [['rId1', 'notesSlide', '../notesSlides/notesSlide1.xml']]),
  slide(
    'ppt/slides/slide2.xml',
    'sld',
    `<p:grpSp>${shape('', run('A box &amp; its text'))}</p:grpSp><p:pic><p:nvPicPr><p:cNvPr id="4" name="p" descr="A pump"/></p:nvPicPr></p:pic>`,
  ),
  slide('ppt/notesSlides/notesSlide1.xml', 'notes', shape('<p:ph type="body" idx="1"/>', run('Speak slowly.'))),
];

const SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';

const XLSX_ENTRIES: readonly ZipEntry[] = [
  types('xl/workbook.xml', 'spreadsheetml.sheet'),
  root('xl/workbook.xml'),
  CORE,
  relationships('xl/_rels/workbook.xml.rels', [
    ['rId1', 'worksheet', 'worksheets/sheet1.xml'],
    ['rId2', 'worksheet', 'worksheets/sheet2.xml'],
    ['rId3', 'sharedStrings', 'sharedStrings.xml'],
    ['rId4', 'styles', 'styles.xml'],
  ]),
  entry(
    'xl/workbook.xml',
    `<workbook ${SHEET} xmlns:r="${OFFICE}"><workbookPr date1904="0"/><sheets><sheet name="销售" sheetId="1" r:id="rId1"/><sheet name="Hidden" sheetId="2" state="hidden" r:id="rId2"/></sheets></workbook>`,
  ),
  entry(
    'xl/sharedStrings.xml',
    `<sst ${SHEET}><si><t>城市</t></si><si><r><t>in</t></r><r><t>come</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si></sst>`,
  ),
  entry(
    'xl/styles.xml',
    `<styleSheet ${SHEET}><numFmts><numFmt numFmtId="164" formatCode="#,##0.0;[Red]-#,##0.0"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>`,
  ),
  entry(
    'xl/worksheets/sheet1.xml',
    `<worksheet ${SHEET}><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t>day</t></is></c></row><row r="2"><c r="A2" t="str"><f>"a"</f><v>Bonn</v></c><c r="B2" s="2"><v>-1234.56</v></c><c r="C2" s="1"><v>45356</v></c></row><row r="4"><c r="A4" t="b"><v>1</v></c><c r="B4"><f>1/0</f></c></row></sheetData><mergeCells><mergeCell ref="A1:A1"/></mergeCells></worksheet>`,
  ),
  entry('xl/worksheets/sheet2.xml', `<worksheet ${SHEET}><sheetData/></worksheet>`),
];

const office = (path: string, entries: readonly ZipEntry[]): Sample => ({
  file: { path, bytes: zipFile(entries) },
  entries,
});

const LINES = [
  'A pump moves water from one place to another one, and',
  'what it moves may be something else. It has valves that',
  'open and close, a motor, and a case in which they are.',
  'The case is of iron, and so is most of what is in there.',
  'This is the end of a column, which ends with this line.',
];
const PAGES: readonly DrawnPage[] = [
  {
    texts: [
      { text: 'Pumps', x: 50, y: 60, size: 20 },
      ...paragraph(LINES, 50, 100),
      ...paragraph(LINES, 320, 102),
      { text: '1', x: 300, y: 770 },
    ],
  },
  {
    texts: [
      { text: '第一章 总则', x: 50, y: 60, size: 16, font: 'F4' },
      { text: '为了惩罚犯罪，保护人民。', x: 50, y: 90, font: 'F4' },
      { text: 'code  here', x: 50, y: 120, font: 'F3' },
      { text: 'a', x: 60, y: 212 },
      { text: 'b', x: 160, y: 212 },
      { text: 'c', x: 60, y: 232 },
      { text: '2', x: 300, y: 770 },
    ],
    lines: [
      ...[200, 220, 240].map((y) => ({ from: [50, y] as const, to: [250, y] as const })),
      ...[50, 150, 250].map((x) => ({ from: [x, 200] as const, to: [x, 240] as const })),
    ],
  },
];

/** An image of an object, in digits: its two colours are a palette of its own. */
const [IMAGE_WIDTH, IMAGE_HEIGHT] = [96, 72];
const IMAGE_ROW = 'ff00ff00f0f0f0f00000ffff';
const IMAGE = IMAGE_ROW.repeat(IMAGE_HEIGHT);

/** A page with a picture, a chart that is drawn, an image within the page's own operators, and their captions. */
const PICTURED: readonly DrawnPage[] = [
  {
    operators: [
      'q 240 0 0 180 60 560 cm /Im1 Do Q',
      '0.1 0.3 0.6 rg 80 300 40 90 re f 140 300 40 130 re f 200 300 40 60 re f 0 g 60 300 m 300 300 l S 60 300 m 60 450 l S',
      'q 120 0 0 90 380 320 cm BI /W 8 /H 8 /BPC 1 /CS /G /F /AHx ID 00ff00ff0ff0a55a> EI Q',
    ].join('\n'),
    texts: [
      { text: 'Figure 1: Pumps of the plant', x: 60, y: 255 },
      { text: '图2：水泵数量', x: 60, y: 530, font: 'F4' },
      { text: '2024', x: 90, y: 510 },
      { text: 'Figure 3: A valve', x: 380, y: 495 },
      { text: 'Figure 1 shows what the pumps of the plant look like.', x: 60, y: 600 },
    ],
  },
];

/** A court case of two pages. */
const CASE_PAGES: readonly DrawnPage[] = [
  ['甲诉乙试验纠纷案', '关键词 民事 试验', '基本案情', '甲向乙购买水泵，乙未交付。'],
  ['裁判理由', '合同成立，乙应当交付水泵。', '裁判要旨', '依法成立的合同受法律保护。'],
].map((texts) => ({ texts: texts.map((text, line) => ({ text, x: 60, y: 100 + 30 * line, size: 14, font: 'F4' as const })) }));

/** Of formats that are no text: written by hand, so that they are the same bytes on every machine. */
export const OFFICE_SAMPLES: Readonly<Record<string, readonly Sample[]>> = {
  pdf: [
    {
      file: {
        path: 'pumps.pdf',
        bytes: writePdf(PAGES, { title: 'Pumps', language: 'en', outline: [{ title: '总则', page: 2 }] }),
      },
    },
    {
      file: {
        path: 'pictured.pdf',
        bytes: writePdf(PICTURED, {
          language: 'en',
          images: [
            `<< /Type /XObject /Subtype /Image /Width ${IMAGE_WIDTH} /Height ${IMAGE_HEIGHT} /ColorSpace [/Indexed /DeviceRGB 1 <204060f0f0ff>] /BitsPerComponent 1 /Filter /ASCIIHexDecode /Length ${IMAGE.length + 1} >>\nstream\n${IMAGE}>\nendstream`,
          ],
        }),
      },
    },
  ],
  'court-case': [{ file: { path: 'case.pdf', bytes: writePdf(CASE_PAGES) } }],
  docx: [office('pumps.docx', DOCX_ENTRIES)],
  pptx: [office('pumps.pptx', PPTX_ENTRIES)],
  xlsx: [office('pumps.xlsx', XLSX_ENTRIES)],
};
