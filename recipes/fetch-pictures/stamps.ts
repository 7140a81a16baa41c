import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { exists } from '../../base/index.ts';

/** A picture of a package, before it is read. */
export interface FoundPicture {
  readonly id: string;
  readonly file: string;
  readonly category: string;
  readonly captions: Record<string, string>;
}

/** Where the package keeps its pictures. */
const STAMPS = join('usr', 'share', 'tuxpaint', 'stamps');
/** Languages of the captions that are taken, and what the package calls them. */
const LANGUAGES = { zh: 'zh_CN' } as const;

/**
 * The stamps of Tux Paint as Debian packages them: beside each picture (PNG, else SVG) a text with its caption, in English on the first line and then `LANGUAGE.utf8=caption`. The category is the folder,
 * two deep.
 *
 * @param folder of the unpacked package
 */
export async function readStamps(folder: string): Promise<FoundPicture[]> {
  const root = join(folder, STAMPS);
  const texts = (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.txt'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const pictures: FoundPicture[] = [];
  for (const text of texts) {
    const stem = text.slice(0, -'.txt'.length);
    const file = (await exists(`${stem}.png`)) ? `${stem}.png` : `${stem}.svg`;
    const [english = '', ...others] = (await readFile(text, 'utf8')).split(/\r?\n/);
    if (!(await exists(file)) || english.trim() === '') continue;
    const captions: Record<string, string> = { en: english.trim() };
    for (const [language, name] of Object.entries(LANGUAGES)) {
      const line = others.find((other) => other.startsWith(`${name}.utf8=`));
      const caption = line?.slice(line.indexOf('=') + 1).trim();
      if (caption) captions[language] = caption;
    }
    const parts = relative(root, stem).split(sep);
    pictures.push({ id: parts.join('/'), file, category: parts.slice(0, -1).slice(0, 2).join('/'), captions });
  }
  return pictures;
}
