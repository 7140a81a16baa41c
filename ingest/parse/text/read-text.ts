import { detectText } from '../../../data/index.ts';
import { BlockWriter } from '../block-writer.ts';
import { onlyOutermostHeading } from '../document-title.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { writePlainText } from './plain-text.ts';

export function readText({ bytes, path }: SourceFile): readonly ParsedDocument[] {
  const { text, warning } = detectText(bytes, path);
  const writer = new BlockWriter(text);
  writePlainText(text, writer, { places: true });
  const title = onlyOutermostHeading(writer.blocks);
  return [
    { ...(title !== undefined && { title }), ...(warning !== undefined && { warnings: [warning] }), blocks: writer.blocks },
  ];
}
