import { defineParser } from '../define-parser.ts';
import { recogniseOffice } from './office-package.ts';

/** Excel's workbooks (OOXML). */
export const xlsxParser = defineParser({
  format: 'xlsx',
  version: 1,
  extensions: ['.xlsx', '.xlsm', '.xltx'],
  recognise: (start) => recogniseOffice(start, 'xl/'),
  load: async () => (await import('./read-xlsx.ts')).readXlsx,
});
