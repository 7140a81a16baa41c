import type { FigurePlace } from '../../../data/index.ts';
import { joinLines } from '../prose.ts';
import { allWithin, childOf, descend, type XmlElement } from '../xml.ts';

/** What stands on a slide. A text with a level is an item of a list. */
export type SlideItem =
  | { readonly kind: 'text'; readonly text: string; readonly level?: number }
  | {
      readonly kind: 'picture';
      readonly text: string;
      /** Id of the relationship to its part; empty without one. */
      readonly part: string;
      readonly place?: FigurePlace;
    }
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[]; readonly header: boolean };

/** Placeholders that every slide repeats (ECMA-376, 19.7.10). */
const FURNITURE = new Set(['sldNum', 'dt', 'ftr', 'hdr', 'sldImg']);
const TITLES = new Set(['title', 'ctrTitle']);
/** Placeholders whose paragraphs have bullets unless they say otherwise. */
const LISTS = new Set(['body', 'obj', '']);
const DEEPEST_LIST = 9;

/**
 * Title and items of a tree of shapes, in its order, which is that in which they are read out.
 *
 * @param wanted kinds of placeholders that are taken alone; all and what is no placeholder unless given
 */
export function slideItems(tree: XmlElement | undefined, wanted?: readonly string[]): { title: string; items: SlideItem[] } {
  const items: SlideItem[] = [];
  let title = '';
  for (const shape of shapesOf(tree)) {
    const kind = placeholderOf(shape);
    if (wanted !== undefined && !wanted.includes(kind ?? '')) continue;
    if (kind !== undefined && FURNITURE.has(kind)) continue;
    const texts = paragraphsOf(childOf(shape, 'txBody'), wanted === undefined && kind !== undefined && LISTS.has(kind));
    if (kind !== undefined && TITLES.has(kind) && title === '') title = joinLines(texts.map(({ text }) => text).join('\n'));
    else items.push(...texts);
    if (shape.name === 'graphicFrame') items.push(...allWithin(shape, 'tbl').map(tableOf));
    if (shape.name === 'pic') items.push(...pictureOf(shape, tree));
  }
  return { title, items };
}

/** Shapes with those inside of groups. Of alternatives for programs of several ages the first is read. */
function shapesOf(tree: XmlElement | undefined): XmlElement[] {
  return (tree?.children ?? []).flatMap((child) => {
    if (child.name === 'grpSp') return shapesOf(child);
    if (child.name === 'AlternateContent') return shapesOf(childOf(child, 'Choice') ?? childOf(child, 'Fallback'));
    return ['sp', 'graphicFrame', 'pic', 'cxnSp'].includes(child.name) ? [child] : [];
  });
}

/** What placeholder a shape is: its type, which is empty for one of content; undefined where it is none. */
function placeholderOf(shape: XmlElement): string | undefined {
  const properties = shape.children.find(({ name }) => /^nv\w+Pr$/.test(name));
  const placeholder = descend(properties, 'nvPr', 'ph');
  return placeholder === undefined ? undefined : (placeholder.attributes['type'] ?? '');
}

function paragraphsOf(body: XmlElement | undefined, bulleted: boolean): { kind: 'text'; text: string; level?: number }[] {
  return (body?.children ?? []).flatMap((paragraph) => {
    if (paragraph.name !== 'p') return [];
    const text = paragraphText(paragraph);
    if (text === '') return [];
    const properties = childOf(paragraph, 'pPr');
    const has = (name: string): boolean => childOf(properties, name) !== undefined;
    const item = has('buChar') || has('buAutoNum') || has('buBlip') || (bulleted && !has('buNone'));
    const depth = Number.parseInt(properties?.attributes['lvl'] ?? '0', 10);
    return [
      { kind: 'text', text, ...(item && { level: Math.min(DEEPEST_LIST, Math.max(1, Number.isFinite(depth) ? depth + 1 : 1)) }) },
    ];
  });
}

/** Runs of a paragraph; numbers of slides and dates that are filled in are left out. */
function paragraphText(paragraph: XmlElement): string {
  const pieces = paragraph.children.map((child) => {
    if (child.name === 'br') return '\n';
    if (child.name === 'fld' && /^(?:slidenum|datetime)/.test(child.attributes['type'] ?? '')) return '';
    return child.name === 'r' || child.name === 'fld'
      ? (childOf(child, 't')?.text ?? '')
      : allWithin(child, 't')
          .map(({ text }) => text)
          .join('');
  });
  return pieces
    .join('')
    .split('\n')
    .map(joinLines)
    .filter((line) => line !== '')
    .join('\n');
}

function tableOf(table: XmlElement): SlideItem {
  const rows = table.children
    .filter(({ name }) => name === 'tr')
    .map((row) =>
      row.children
        .filter(({ name }) => name === 'tc')
        .map((cell) =>
          joinLines(
            paragraphsOf(childOf(cell, 'txBody'), false)
              .map(({ text }) => text)
              .join('\n'),
          ),
        ),
    );
  return { kind: 'table', rows, header: childOf(table, 'tblPr')?.attributes['firstRow'] === '1' };
}

/** A picture with the text that stands for it; a name that a program gave its file is none. */
function pictureOf(shape: XmlElement, tree: XmlElement | undefined): SlideItem[] {
  const properties = descend(shape, 'nvPicPr', 'cNvPr');
  const text = joinLines(properties?.attributes['descr'] ?? '');
  const picture = descend(shape, 'blipFill', 'blip');
  const part = Object.entries(picture?.attributes ?? {}).find(([name]) => name.endsWith(':embed'))?.[1] ?? '';
  if (text === '' && part === '') return [];
  // Places inside of a group are those of the group.
  const place = tree?.children.includes(shape) ? placeOf(childOf(shape, 'spPr')) : undefined;
  const isName = /^\S+\.(?:png|jpe?g|gif|svg|emf|wmf|bmp|tiff?|webp)$/i.test(text);
  return [{ kind: 'picture', text: isName ? '' : text, part, ...(place && { place }) }];
}

/** English metric units of a point (ECMA-376, 20.1.2.1). */
const EMU = 12_700;

function placeOf(properties: XmlElement | undefined): FigurePlace | undefined {
  const [offset, extent] = [descend(properties, 'xfrm', 'off'), descend(properties, 'xfrm', 'ext')];
  const [left, top, width, height] = [
    offset?.attributes['x'],
    offset?.attributes['y'],
    extent?.attributes['cx'],
    extent?.attributes['cy'],
  ].map((value) => Math.round(Number(value) / EMU)) as [number, number, number, number];
  return [left, top, width, height].every(Number.isFinite) ? { left, top, width, height } : undefined;
}
