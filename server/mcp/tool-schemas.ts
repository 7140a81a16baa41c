import { z } from 'zod';
import { MAXIMUM_QUERY_LENGTH } from '../../rag/index.ts';

/** Results of one search: what a language model reads is dear. */
const MAXIMUM_TOOL_RESULTS = 20;
const DEFAULT_TOOL_RESULTS = 5;
const LONGEST_NAME = 64;
const LONGEST_ID = 200;

const collection = z
  .string()
  .min(1)
  .max(LONGEST_NAME)
  .optional()
  .describe('Name of the collection, as list_collections has it. May be left out where there is only one.');

const place = {
  title: z.string().optional(),
  source: z.string().optional().describe('Path or URL of the document.'),
  headings: z.array(z.string()).optional().describe('Headings above the text, outermost first.'),
  pages: z.object({ first: z.int(), last: z.int() }).optional(),
};

export const searchInput = {
  query: z.string().min(1).max(MAXIMUM_QUERY_LENGTH).describe('What is looked for: a question, or words.'),
  collection,
  k: z.int().min(1).max(MAXIMUM_TOOL_RESULTS).default(DEFAULT_TOOL_RESULTS).describe('Results wanted.'),
  filter: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      'Which units may be found, e.g. {"field": "source", "equals": "docs/a.md"}, {"field": "fields.year", "range": {"gte": 2020}}, {"and": [...]}, {"or": [...]}, {"not": ...}.',
    ),
};

const foundUnit = z.object({
  id: z.string().describe('Id of the unit, for read_unit.'),
  document: z.string().describe('Id of the document that the unit is a part of.'),
  score: z.number().describe('Higher is better; comparable within one search.'),
  text: z.string().describe('The passage that was found.'),
  ...place,
});

export const searchOutput = {
  collection: z.string(),
  results: z.array(foundUnit).describe('The best first.'),
  note: z.string().optional().describe('Why nothing was found, where nothing was.'),
};

export const readUnitInput = { id: z.string().min(1).max(LONGEST_ID).describe('Id of the unit, as search has it.'), collection };

export const readUnitOutput = {
  collection: z.string(),
  id: z.string(),
  document: z.string(),
  text: z.string().describe('All of the unit.'),
  ...place,
};

export const listCollectionsOutput = {
  collections: z.array(
    z.object({ name: z.string(), retrievers: z.string().describe('What ranks: vectors, or vectors and words (hybrid).') }),
  ),
};

const searchedUnit = z.object(searchOutput);
export type SearchOutput = z.infer<typeof searchedUnit>;
const readUnit = z.object(readUnitOutput);
export type ReadUnitOutput = z.infer<typeof readUnit>;
