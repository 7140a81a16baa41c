import { figureNumber } from '../../base/index.ts';
import type { FigurePicture, FigurePlace, PageRange } from '../../data/index.ts';
import { figureId } from '../../data/index.ts';
import { type Block, type BlockKind, captionLabel, captionOwners, type ParsedDocument } from '../parse/index.ts';
import { nearbyText } from './nearby-text.ts';

/** A figure of a document, and what it is found by. */
export interface DescribedFigure {
  readonly picture?: FigurePicture;
  /** The file that its picture is in, as who read it calls it. */
  readonly reference?: string;
  readonly caption?: string;
  /** As `figureNumber` writes it. */
  readonly number?: string;
  readonly alt?: string;
  readonly words?: string;
  readonly nearby?: string;
  readonly place?: FigurePlace;
  readonly headings: readonly string[];
  readonly pages?: PageRange;
}

/** Pictures that are no figures, by why: too small, of one colour, not readable, too large, the same as others without a caption. */
export interface FigureCounts {
  readonly small: number;
  readonly plain: number;
  readonly unreadable: number;
  readonly large: number;
  readonly repeated: number;
}

/** A picture that stands so often without a caption is an ornament. */
const OFTEN = 3;
/** Characters of words inside of a picture that its description has. */
const MOST_WORDS = 400;
const MOST_ALT = 500;

/**
 * The figures of a document: pictures, with their captions, what stands for them, the words in them and what the text says beside and about them; and captions of figures whose picture
 * nobody has. A picture that has no caption is a figure only the first time, and none where it stands often.
 */
export function describeFigures({ blocks }: Pick<ParsedDocument, 'blocks'>): {
  readonly figures: readonly DescribedFigure[];
  readonly leftOut: FigureCounts;
} {
  const leftOut = { small: 0, plain: 0, unreadable: 0, large: 0, repeated: 0 };
  for (const { figure } of blocks) if (figure?.leftOut !== undefined) leftOut[figure.leftOut]++;
  const captions = captionsOf(blocks);
  const ids = blocks.map(({ figure }) => figure?.picture && figureId(figure.picture.bytes));
  const times = new Map<string, number>();
  for (const [place, id] of ids.entries())
    if (id !== undefined && captions.get(place) === undefined) times.set(id, (times.get(id) ?? 0) + 1);
  const seen = new Set<string>();
  const figures: DescribedFigure[] = [];
  for (const [place, block] of blocks.entries()) {
    const caption = captions.get(place);
    const id = ids[place];
    if (id === undefined && caption === undefined) continue;
    if (id !== undefined && caption === undefined && (seen.has(id) || times.get(id)! >= OFTEN)) {
      leftOut.repeated++;
      continue;
    }
    if (id !== undefined) seen.add(id);
    figures.push(describe(blocks, place, block, caption));
  }
  return { figures, leftOut };
}

function describe(blocks: readonly Block[], place: number, block: Block, caption: string | undefined): DescribedFigure {
  const { picture, reference, place: stands } = block.figure ?? {};
  const own = block.kind === 'figure' ? block : undefined;
  const alt = (own?.figure?.alt ?? (own?.figure?.words === undefined ? own?.text : '') ?? '').slice(0, MOST_ALT).trim();
  const words = (own?.figure?.words ?? '').replace(/\s+/g, ' ').slice(0, MOST_WORDS).trim();
  const nearby = nearbyText(blocks, place, caption);
  const label = caption === undefined ? undefined : captionLabel(caption);
  return {
    ...(picture && { picture }),
    ...(reference !== undefined && { reference }),
    ...(caption !== undefined && { caption }),
    ...(label?.of === 'figure' && { number: figureNumber(label.number) }),
    ...(alt !== '' && alt !== caption && { alt }),
    ...(words !== '' && { words }),
    ...(nearby !== '' && { nearby }),
    ...(stands && { place: stands }),
    headings: block.headings,
    ...(block.pages && { pages: block.pages }),
  };
}

/** Captions by the place of the figure that they belong to: a picture, or the caption itself where it says that it is a figure's and there is no picture. */
function captionsOf(blocks: readonly Block[]): ReadonlyMap<number, string> {
  const kinds = blocks.map((_, place) => kindAt(blocks, place));
  const owners = captionOwners(kinds);
  const captions = new Map<number, string>();
  for (const [place, owner] of owners.entries()) {
    const { text } = blocks[place]!;
    if (kinds[place] !== 'caption') continue;
    if (owner === place && captionLabel(text)?.of !== 'figure') continue;
    captions.set(owner, joined(captions.get(owner), text));
  }
  // Parts of one figure stand side by side, and have one caption.
  const isBare = (place: number): boolean => kinds[place] === 'figure' && !captions.has(place);
  for (const [place, caption] of [...captions]) {
    if (kinds[place] !== 'figure') continue;
    const captionIsBelow = owners[place + 1] === place && kinds[place + 1] === 'caption';
    for (let other = place + (captionIsBelow ? -1 : 1); isBare(other); other += captionIsBelow ? -1 : 1)
      captions.set(other, caption);
  }
  return captions;
}

/** What a block is to figures: tables and their captions are no concern of theirs, paragraphs may be captions by their label. */
function kindAt(blocks: readonly Block[], place: number): BlockKind {
  const { kind, text, figure } = blocks[place]!;
  if (kind === 'figure') return figure?.leftOut === undefined ? 'figure' : 'paragraph';
  if (kind !== 'caption' && kind !== 'paragraph') return kind === 'table' || kind === 'code' ? 'paragraph' : kind;
  const label = captionLabel(text);
  if (label === undefined) return kind === 'caption' && !isBesideTable(blocks, place) ? 'caption' : 'paragraph';
  // A table may be a picture.
  return label.of === 'figure' || !isBesideTable(blocks, place) ? 'caption' : 'paragraph';
}

function isBesideTable(blocks: readonly Block[], place: number): boolean {
  return [blocks[place - 1], blocks[place + 1]].some((block) => block?.kind === 'table' || block?.kind === 'code');
}

function joined(before: string | undefined, text: string): string {
  const line = text.replace(/\s*\n\s*/g, ' ');
  return before === undefined ? line : `${before} ${line}`;
}
