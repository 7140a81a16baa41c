import { type Block, captionLabel } from '../parse/index.ts';
import { sentencesOf } from '../units/index.ts';

/** Characters, and fewer of each side than of both. */
const MOST = 300;
const MOST_OF_ONE_SIDE = 120;
/** Blocks that are looked at on each side. */
const REACH = 3;

/** What a document says about a figure: the sentences that name it by its number, and what stands before and behind it in its section. */
export function nearbyText(blocks: readonly Block[], place: number, caption: string | undefined): string {
  const number = caption === undefined ? undefined : captionLabel(caption)?.number;
  const named = number === undefined ? [] : sentencesAbout(blocks, number);
  const before = neighbour(blocks, place, -1);
  const after = neighbour(blocks, place, 1);
  const beside = [before, after].filter((piece) => piece !== '' && !named.some((sentence) => sentence.includes(piece)));
  const pieces = [...named.filter((sentence) => !beside.some((piece) => piece.includes(sentence))), ...beside];
  let text = '';
  for (const piece of pieces) {
    if (text !== '' && text.length + piece.length > MOST) break;
    text += text === '' ? piece.slice(0, MOST) : `\n${piece}`;
  }
  return text;
}

/** `图4`, `Figure 4`, `Fig. 4`, but not `图40`. */
function sentencesAbout(blocks: readonly Block[], number: string): string[] {
  const escaped = number.replace(/[^\w]/g, '\\$&');
  const named = new RegExp(`(?:图表?|圖|fig(?:ure|\\.)?|chart|abb(?:ildung|\\.)?)\\s*${escaped}(?![\\d]|[.\\-–]\\d)`, 'iu');
  return blocks
    .filter(
      ({ kind, text }) => (kind === 'paragraph' || kind === 'list-item') && named.test(text) && captionLabel(text) === undefined,
    )
    .flatMap(({ text }) => sentencesOf(text))
    .filter((sentence) => named.test(sentence));
}

/** The nearest text on one side, up to the border of its section: its end before the figure, its beginning behind it. */
function neighbour(blocks: readonly Block[], place: number, step: 1 | -1): string {
  const headings = blocks[place]!.headings.length;
  for (let other = place + step, looked = 0; looked < REACH; other += step, looked++) {
    const block = blocks[other];
    if (block === undefined || block.kind === 'heading' || block.headings.length < headings) return '';
    if (block.kind !== 'paragraph' && block.kind !== 'list-item') continue;
    if (captionLabel(block.text) !== undefined) continue;
    const text = block.text.replace(/\s*\n\s*/g, ' ');
    if (text.length <= MOST_OF_ONE_SIDE) return text;
    const sentences = sentencesOf(text);
    const one = (step < 0 ? sentences.at(-1) : sentences[0]) ?? text;
    return step < 0 ? one.slice(-MOST_OF_ONE_SIDE) : one.slice(0, MOST_OF_ONE_SIDE);
  }
  return '';
}
