import { UsageError } from '../../base/index.ts';
import type { ParsedDocument } from '../parse/index.ts';
import { cheapestGroups, plainBorderCosts } from './cheapest-groups.ts';
import { cutPieces, joinText, type Piece, type RenderedBlock, renderBlocks } from './piece.ts';
import { sectionGroups } from './section-groups.ts';
import { type EmbedTexts, semanticGroups } from './semantic-groups.ts';
import { slidingGroups } from './sliding-groups.ts';
import { splitPiece } from './split-piece.ts';
import type { Range } from './split-text.ts';
import type { TokenCounter } from './token-counter.ts';
import type { Unit } from './unit.ts';
import { parseUnitSettings, type UnitSettings, type UnitSettingsInput } from './unit-settings.ts';

export interface UnitTools {
  readonly count: TokenCounter;
  /** For the strategy `semantic`. */
  readonly embed?: EmbedTexts;
}

/**
 * Cuts a document into long units, in its order. Borders fall between blocks; a caption stays with its table, a heading with what follows it. Only what is larger than the maximum by itself is parted: a
 * table between rows with its header repeated, code between lines, a text between sentences. No unit is above the maximum, but that of a document that is one unit by its nature
 * (`ParsedDocument.whole`). A document with nothing to show has no units.
 *
 * @throws UsageError `UNIT_OPTIONS` for settings that make no sense; CemError `UNIT_EMBED`, and what the counter and the encoder throw
 */
export async function cutUnits(document: ParsedDocument, input: UnitSettingsInput, tools: UnitTools): Promise<Unit[]> {
  const settings = parseUnitSettings(input);
  const count = (text: string): number => tools.count.count(text);
  const maximum = settings.maximumTokens;
  const blocks = renderBlocks(document.blocks);
  if (document.whole) return unitsOf([{ blocks, tokens: 0, startsAt: 'document', levels: [] }], count);
  const pieces = cutPieces(blocks, maximum, count).flatMap((piece) =>
    piece.tokens <= maximum || count(joinText(piece.blocks)) <= maximum ? [piece] : splitPiece(piece, maximum, count),
  );
  const groups = await groupsOf(pieces, settings, tools.embed);
  return groups.flatMap(({ from, to }) => unitsWithin(pieces.slice(from, to), maximum, count));
}

async function groupsOf(
  pieces: readonly Piece[],
  { strategy, minimumTokens, maximumTokens, overlap, semanticShare }: UnitSettings,
  embed: EmbedTexts | undefined,
): Promise<Range[]> {
  const bounds = { minimum: minimumTokens, maximum: maximumTokens };
  switch (strategy) {
    case 'document':
      return cheapestGroups(pieces, plainBorderCosts(pieces), bounds);
    case 'sliding':
      return slidingGroups(pieces, maximumTokens, overlap);
    case 'headings':
      return sectionGroups(pieces, bounds);
    case 'semantic':
      if (embed === undefined)
        throw new UsageError(
          'UNIT_OPTIONS',
          'the strategy "semantic" compares the vectors of blocks, and was given no encoder; give `embed`, or choose "headings"',
        );
      return semanticGroups(pieces, bounds, { share: semanticShare, embed });
  }
}

/** One unit; halves where a tokenizer counts the whole as more than its pieces, and so above the maximum. */
function unitsWithin(pieces: readonly Piece[], maximum: number, count: (text: string) => number): Unit[] {
  const [unit] = unitsOf(pieces, count);
  if (unit === undefined) return [];
  if (unit.tokens <= maximum || pieces.length === 1) return [unit];
  const middle = pieces.length >>> 1;
  return [pieces.slice(0, middle), pieces.slice(middle)].flatMap((half) => unitsWithin(half, maximum, count));
}

function unitsOf(pieces: readonly Piece[], count: (text: string) => number): Unit[] {
  const blocks = pieces.flatMap((piece) => piece.blocks);
  const text = joinText(blocks);
  const visible = blocks.find((rendered) => rendered.text !== '');
  if (visible === undefined) return [];
  return [{ text, tokens: count(text), headings: visible.block.headings, startsAt: pieces[0]!.startsAt, ...placeOf(blocks) }];
}

/** From the first block that has pages or a span to the last that does. */
function placeOf(blocks: readonly RenderedBlock[]): Pick<Unit, 'pages' | 'span'> {
  const [firstPages, lastPages] = ends(blocks.map(({ block }) => block.pages));
  const [firstSpan, lastSpan] = ends(blocks.map(({ block }) => block.span));
  return {
    ...(firstPages && lastPages && { pages: { first: firstPages.first, last: lastPages.last } }),
    ...(firstSpan && lastSpan && { span: { start: firstSpan.start, end: lastSpan.end } }),
  };
}

function ends<T>(values: readonly (T | undefined)[]): [T | undefined, T | undefined] {
  const known = values.filter((value) => value !== undefined);
  return [known[0], known.at(-1)];
}
