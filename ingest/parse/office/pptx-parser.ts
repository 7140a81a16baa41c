import { defineParser } from '../define-parser.ts';
import { recogniseOffice } from './office-package.ts';

/** PowerPoint's presentations (OOXML). */
export const pptxParser = defineParser({
  format: 'pptx',
  version: 2,
  extensions: ['.pptx', '.pptm', '.ppsx'],
  pictures: true,
  recognise: (start) => recogniseOffice(start, 'ppt/'),
  load: async () => (await import('./read-pptx.ts')).readPptx,
});
