import { join } from 'node:path';
import { z } from 'zod';
import { CemError, exists, FormatError } from '../../base/index.ts';
import { readLines } from '../documents/lines.ts';

/** Name of the list in a folder of pictures. */
export const PICTURES_FILE = 'pictures.jsonl';

const rowSchema = z.strictObject({
  id: z.string().min(1),
  /** Relative to the folder. */
  path: z.string().min(1),
  /** Pictures of one category are alike; for evaluations. */
  category: z.string(),
  /** By language: `en`, `zh`. */
  captions: z.record(z.string(), z.string().min(1)),
});

/** A picture with captions, as a line of `pictures.jsonl`. */
export type CaptionedPicture = z.infer<typeof rowSchema>;

/**
 * The list of a folder of pictures.
 *
 * @throws CemError `DATA_MISSING`; FormatError `PICTURES_MALFORMED`
 */
export async function readPictures(folder: string): Promise<CaptionedPicture[]> {
  const path = join(folder, PICTURES_FILE);
  if (!(await exists(path))) {
    throw new CemError(
      'DATA_MISSING',
      `${folder} has no ${PICTURES_FILE}: make one with cem fetch-pictures, or write a line { id, path, category, captions } for each picture`,
      { details: { folder } },
    );
  }
  const pictures: CaptionedPicture[] = [];
  for await (const { text, number } of readLines(path)) {
    if (text.trim() === '') continue;
    const parsed = rowSchema.safeParse(jsonOf(text));
    if (!parsed.success) {
      throw new FormatError(
        'PICTURES_MALFORMED',
        `${path}:${number} is no picture: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
        { details: { path, line: number } },
      );
    }
    pictures.push(parsed.data);
  }
  return pictures;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
