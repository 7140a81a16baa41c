import { BlockWriter } from '../block-writer.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { BlockPictures } from '../picture/index.ts';
import { joinLines } from '../prose.ts';
import { looksLikeHeader } from '../table-header.ts';
import { allWithin, childOf, descend, relationshipId, type XmlElement } from '../xml.ts';
import { OfficePackage, type Relationship } from './office-package.ts';
import { type SlideItem, slideItems } from './slide-items.ts';

/** Text of a slide without a title that stands for one may be so long. */
const LONGEST_TITLE = 80;

interface Slide {
  readonly number: number;
  readonly title: string;
  readonly items: readonly SlideItem[];
  readonly notes: readonly string[];
}

/**
 * A presentation as its slides in order; a slide is a page. Its title is a heading, and so is the word `Notes` before what its speaker notes.
 *
 * @throws CemError as `OfficePackage.open` and `readXmlTree`
 */
export async function readPptx(file: SourceFile): Promise<readonly ParsedDocument[]> {
  const parts = await OfficePackage.open(file, 'pptx');
  const main = await parts.mainPart('ppt/presentation.xml');
  const presentation = await parts.tree(main);
  const relationships = await parts.relationships(main);
  const writer = new BlockWriter();
  const warnings: string[] = [];
  let title: string | undefined;
  for (const [index, entry] of (childOf(presentation, 'sldIdLst')?.children ?? []).entries()) {
    const slide = relationships.get(relationshipId(entry));
    if (slide === undefined || !parts.archive.has(slide.target)) {
      warnings.push(`slide ${index + 1} is not in the file`);
      continue;
    }
    const read = await readSlide(parts, slide, index + 1);
    if (read === undefined) {
      warnings.push(`slide ${index + 1} is hidden and was left out`);
      continue;
    }
    if (index === 0 && read.title !== '') title = read.title;
    writeSlide(writer, read);
  }
  const information = await parts.information();
  const named = information.title ?? title;
  return [
    {
      ...(named !== undefined && { title: named }),
      ...(information.language !== undefined && { language: information.language }),
      blocks: await new BlockPictures().read(writer.blocks, (part) => parts.archive.readIfThere(part)),
      ...(warnings.length > 0 && { warnings }),
    },
  ];
}

async function readSlide(parts: OfficePackage, { target }: Relationship, number: number): Promise<Slide | undefined> {
  const slide = await parts.tree(target);
  if (slide.attributes['show'] === '0' || slide.attributes['show'] === 'false') return undefined;
  const { title, items } = slideItems(descend(slide, 'cSld', 'spTree'));
  const relationships = await parts.relationships(target);
  // What a picture's id leads to depends on the slide.
  const placed = items.map((item) =>
    item.kind === 'picture' ? { ...item, part: relationships.get(item.part)?.target ?? '' } : item,
  );
  const notes: string[] = [];
  const drawn: SlideItem[] = [];
  for (const { kind, target: part } of relationships.values()) {
    if (kind === 'notesSlide') notes.push(...notesOf(await parts.treeIfThere(part)));
    // The words of a drawing that PowerPoint lays out itself (SmartArt).
    if (kind === 'diagramData') drawn.push(...diagramTexts(await parts.treeIfThere(part)));
  }
  return { number, title, items: [...placed, ...drawn], notes };
}

function notesOf(notes: XmlElement | undefined): string[] {
  const { items } = slideItems(descend(notes, 'cSld', 'spTree'), ['body']);
  return items.flatMap((item) => (item.kind === 'text' ? [item.text] : []));
}

function diagramTexts(data: XmlElement | undefined): SlideItem[] {
  const points = data === undefined ? [] : allWithin(data, 'pt');
  return points
    .map((point) =>
      joinLines(
        allWithin(point, 't')
          .map(({ text }) => text)
          .join(''),
      ),
    )
    .filter((text) => text !== '')
    .map((text) => ({ kind: 'text', text }));
}

function writeSlide(writer: BlockWriter, { number, title, items, notes }: Slide): void {
  if (items.length === 0 && notes.length === 0 && title === '') return;
  const place = { pages: { first: number, last: number } };
  const [first] = items;
  // A slide without a title would stand below the title of the one before it.
  const stands =
    title === '' &&
    first?.kind === 'text' &&
    first.level === undefined &&
    first.text.length <= LONGEST_TITLE &&
    !first.text.includes('\n');
  writer.heading(1, title !== '' ? title : stands ? first.text : `Slide ${number}`, place);
  for (const item of stands ? items.slice(1) : items) {
    if (item.kind === 'table') writer.table(item.rows, item.header || looksLikeHeader(item.rows) ? 1 : 0, place);
    else if (item.kind === 'picture') {
      const { part, place: stands } = item;
      const figure = { ...(part !== '' && { reference: part }), ...(stands && { place: stands }) };
      writer.add('figure', item.text, place, Object.keys(figure).length > 0 ? { figure } : {});
    } else if (item.level === undefined) writer.add('paragraph', item.text, place);
    else writer.add('list-item', item.text, place, { level: item.level });
  }
  if (notes.length === 0) return;
  writer.heading(2, 'Notes', place);
  for (const note of notes) writer.add('paragraph', note, place);
}
