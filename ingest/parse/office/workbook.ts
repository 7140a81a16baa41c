import { childOf, readXml, relationshipId, tooLarge, type XmlElement } from '../xml.ts';
import { formatOf } from './number-format.ts';
import type { OfficePackage } from './office-package.ts';

interface SheetEntry {
  readonly name: string;
  readonly part: string;
  readonly hidden: boolean;
}

/** What all sheets of a workbook share. */
export interface Workbook {
  readonly sheets: readonly SheetEntry[];
  readonly strings: readonly string[];
  /** Formats of numbers by the style of a cell. */
  readonly formats: readonly string[];
  readonly date1904: boolean;
}

/** UTF-16 units of all shared texts together. */
const MOST_TEXT = 1 << 26;

/** @throws CemError as `OfficePackage.tree` */
export async function readWorkbook(parts: OfficePackage): Promise<Workbook> {
  const main = await parts.mainPart('xl/workbook.xml');
  const workbook = await parts.tree(main);
  const relationships = await parts.relationships(main);
  const sheets = (childOf(workbook, 'sheets')?.children ?? []).flatMap((sheet): SheetEntry[] => {
    const relationship = relationships.get(relationshipId(sheet));
    // A chart may have a sheet of its own.
    if (relationship?.kind !== 'worksheet') return [];
    const { name = '', state } = sheet.attributes;
    return [{ name, part: relationship.target, hidden: state === 'hidden' || state === 'veryHidden' }];
  });
  const partOf = (kind: string): string | undefined => [...relationships.values()].find((each) => each.kind === kind)?.target;
  const date1904 = childOf(workbook, 'workbookPr')?.attributes['date1904'];
  return {
    sheets,
    strings: await sharedStrings(parts, partOf('sharedStrings') ?? 'xl/sharedStrings.xml'),
    formats: formatsOf(await parts.treeIfThere(partOf('styles') ?? 'xl/styles.xml')),
    date1904: date1904 === '1' || date1904 === 'true',
  };
}

/** Texts that cells name by number, without how they are spoken (`rPh`). */
async function sharedStrings(parts: OfficePackage, part: string): Promise<string[]> {
  const bytes = await parts.archive.readIfThere(part);
  if (bytes === undefined) return [];
  const strings: string[] = [];
  let text = '';
  let length = 0;
  let inText = false;
  let spoken = 0;
  readXml(bytes, parts.path, {
    open(name) {
      if (name === 'si') text = '';
      if (name === 'rPh') spoken += 1;
      inText = name === 't' && spoken === 0;
    },
    text(piece) {
      if (inText) text += piece;
    },
    close(name) {
      inText = false;
      if (name === 'rPh') spoken -= 1;
      if (name !== 'si') return;
      length += text.length;
      if (length > MOST_TEXT) throw tooLarge(parts.path, `has more than ${MOST_TEXT} characters of text`);
      strings.push(text);
    },
  });
  return strings;
}

function formatsOf(styles: XmlElement | undefined): string[] {
  const own = new Map<number, string>();
  for (const { attributes } of childOf(styles, 'numFmts')?.children ?? [])
    own.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? 'General');
  return (childOf(styles, 'cellXfs')?.children ?? []).map(({ attributes }) => formatOf(Number(attributes['numFmtId'] ?? 0), own));
}
