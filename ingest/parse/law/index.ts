/** Chinese statutes as text: a document an article. */
export { lawParser } from './law-parser.ts';
export { aliasOf } from './statute-name.ts';
