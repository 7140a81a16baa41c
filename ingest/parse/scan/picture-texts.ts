import { figureId } from '../../../data/index.ts';
import { type RecognisedPicture, wordsOfLines } from '../../recognition/index.ts';
import type { Block, BlockFigure } from '../block.ts';
import type { ParsedDocument, ParserTools } from '../parser.ts';
import { pictureBlocks } from '../pdf/index.ts';
import { picturePixels } from '../picture/index.ts';

/** Pictures of one file that are read. */
const MOST_PICTURES = 1_000;
/** A picture by itself with more characters is a picture of a page, whose text is more than what describes a figure. */
const PAGE = 400;

interface PictureTexts {
  readonly words: string;
  /** Of a picture of a page: its text. */
  readonly page: readonly Block[];
}

const NO_TEXTS: PictureTexts = { words: '', page: [] };

function textsOf(picture: RecognisedPicture, alone: boolean): PictureTexts {
  const words = wordsOfLines(picture.lines);
  return { words, page: alone && words.length > PAGE ? pictureBlocks(picture) : [] };
}

/**
 * Documents with the words of their pictures, those that have some already apart: each picture is read once. Of a file that is a picture of a page, its text stands behind it.
 *
 * @param alone whether the file is a picture by itself
 * @throws as `recognise`
 */
export async function withPictureTexts(
  documents: readonly ParsedDocument[],
  recognise: NonNullable<ParserTools['recognise']>,
  alone: boolean,
): Promise<readonly ParsedDocument[]> {
  const known = new Map<string, PictureTexts>();
  const read = async ({ picture, words }: BlockFigure): Promise<PictureTexts> => {
    if (picture === undefined || words !== undefined) return NO_TEXTS;
    const id = figureId(picture.bytes);
    const before = known.get(id);
    if (before !== undefined) return before;
    if (known.size >= MOST_PICTURES) return NO_TEXTS;
    const texts = textsOf(await recognise(await picturePixels(picture)), alone);
    known.set(id, texts);
    return texts;
  };
  const made: ParsedDocument[] = [];
  for (const document of documents) {
    const blocks: Block[] = [];
    for (const block of document.blocks) {
      const { words, page } = block.figure ? await read(block.figure) : NO_TEXTS;
      blocks.push(words === '' ? block : { ...block, figure: { ...block.figure, words } }, ...page);
    }
    made.push({ ...document, blocks });
  }
  return made;
}
