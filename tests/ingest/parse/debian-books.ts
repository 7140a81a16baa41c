import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bookFile } from '../books.ts';

/** A book as pages and as one text. */
export interface Book {
  readonly name: string;
  readonly pages: readonly string[];
  readonly text: string;
}

/** The books that are there. */
export function books(): readonly Book[] {
  return [
    ...bookAt('debian-faq', 'doc/debian/FAQ', /\.en\.html$/, 'doc/debian/FAQ/debian-faq.en.txt'),
    ...bookAt('debian-faq-zh-cn', 'doc/debian/FAQ/zh-cn', /\.zh-cn\.html$/, 'doc/debian/FAQ/debian-faq.zh-cn.txt'),
    ...bookAt('debian-reference-zh-cn', 'debian-reference', /\.zh-cn\.html$/, 'debian-reference/debian-reference.zh-cn.txt'),
  ];
}

function bookAt(name: string, folder: string, pages: RegExp, text: string): readonly Book[] {
  const [place, file] = [bookFile(`usr/share/${folder}`), bookFile(`usr/share/${text}`)];
  if (place === undefined || file === undefined) return [];
  const names = readdirSync(place).filter((page) => pages.test(page));
  return [{ name, pages: names.map((page) => join(place, page)), text: readFileSync(file, 'utf8') }];
}

/** The pages of LibreOffice's help; none where it is not there. */
export function helpPages(): readonly string[] {
  const place = bookFile('usr/share/libreoffice/help/en-US/text');
  if (place === undefined) return [];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.html'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
