import { defineParser } from '../define-parser.ts';

/** Tables of fields between commas, semicolons, tabs or bars (RFC 4180), in any encoding that `detectText` knows. They go by extensions. */
export const csvParser = defineParser({
  format: 'csv',
  version: 1,
  extensions: ['.csv', '.tsv', '.tab'],
  load: async () => (await import('./read-csv.ts')).readCsv,
});
