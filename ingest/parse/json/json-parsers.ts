import { defineParser } from '../define-parser.ts';

/** One JSON value: a record, a list of records, or anything else, of which the texts are taken. */
export const jsonParser = defineParser({
  format: 'json',
  version: 1,
  extensions: ['.json'],
  recognise: (start) => (/^(?:\xef\xbb\xbf)?\s*[{[]\s*["{[\]}]/.test(Buffer.from(start).toString('latin1')) ? 1 : 0),
  load: async () => (await import('./read-json.ts')).readJson,
});

/** A JSON value a line. It goes by extensions: a file of one line is JSON as well. */
export const jsonlParser = defineParser({
  format: 'jsonl',
  version: 1,
  extensions: ['.jsonl', '.ndjson'],
  load: async () => (await import('./read-json.ts')).readJsonl,
});
