import { BlockWriter } from '../block-writer.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { joinLines } from '../prose.ts';
import { OfficePackage } from './office-package.ts';
import { readSheetCells } from './sheet-cells.ts';
import { sheetRegions } from './sheet-regions.ts';
import { readWorkbook } from './workbook.ts';

/**
 * A workbook: each sheet's name as a heading, its tables and texts below, numbers as they are shown. Hidden sheets are left out.
 *
 * @throws CemError as `OfficePackage.open`, `readXml`; `PARSE_LIMIT` for sheets with too many cells
 */
export async function readXlsx(file: SourceFile): Promise<readonly ParsedDocument[]> {
  const parts = await OfficePackage.open(file, 'xlsx');
  const workbook = await readWorkbook(parts);
  const writer = new BlockWriter();
  const warnings: string[] = [];
  for (const { name, part, hidden } of workbook.sheets) {
    const shown = joinLines(name);
    if (hidden) {
      warnings.push(`the sheet ${JSON.stringify(shown)} is hidden and was left out`);
      continue;
    }
    const bytes = await parts.archive.readIfThere(part);
    if (bytes === undefined) {
      warnings.push(`the sheet ${JSON.stringify(shown)} is not in the file`);
      continue;
    }
    const cells = readSheetCells(bytes, file.path, workbook);
    if (cells.withoutResult > 0)
      warnings.push(`the sheet ${JSON.stringify(shown)}: ${cells.withoutResult} formulas without a result`);
    const regions = sheetRegions(cells, file.path);
    if (regions.length > 0) writer.heading(1, shown);
    for (const region of regions) {
      if (region.kind === 'table') writer.table(region.rows, region.headerRows);
      // One line right above a table is its caption.
      else
        for (const text of region.texts)
          writer.add(region.kind === 'title' && region.texts.length === 1 ? 'caption' : 'paragraph', text);
    }
  }
  const { title, language } = await parts.information();
  return [
    {
      ...(title !== undefined && { title }),
      ...(language !== undefined && { language }),
      blocks: writer.blocks,
      ...(warnings.length > 0 && { warnings }),
    },
  ];
}
