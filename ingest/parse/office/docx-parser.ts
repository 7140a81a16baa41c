import { defineParser } from '../define-parser.ts';
import { recogniseOffice } from './office-package.ts';

/** Word's documents (OOXML), by mammoth. */
export const docxParser = defineParser({
  format: 'docx',
  version: 2,
  extensions: ['.docx', '.docm', '.dotx'],
  pictures: true,
  recognise: (start) => recogniseOffice(start, 'word/'),
  load: async () => (await import('./read-docx.ts')).readDocx,
});
