import { z } from 'zod';
import type { JsonValue } from '../../data/index.ts';
import { isStorable, isStorableJson, STORABLE_TEXT_RULE } from '../../search/index.ts';

const LONGEST_NAME = 1024;
const LONGEST_LABEL = 200;
const MOST_LABELS = 100;

/** A text that a store can keep. */
const storable = z.string().refine(isStorable, `holds ${STORABLE_TEXT_RULE}`);

export const collectionName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, dots, dashes and underlines, the first a letter or a digit')
  .meta({ description: 'Name of the collection.', examples: ['docs'] });

/** Name of a document or a unit, as answers have it. */
export const id = storable.min(1).max(LONGEST_NAME);

export const source = storable
  .min(1)
  .max(LONGEST_NAME)
  .refine((name) => name.trim() !== '' && !/\p{Cc}/u.test(name), 'must not be empty, and have no control characters')
  .meta({
    description: 'Name of the document as a path. What is put under a name that is there takes its place.',
    examples: ['guide/start.md'],
  });

export const title = storable.max(LONGEST_NAME);

export const labels = z
  .array(storable.min(1).max(LONGEST_LABEL))
  .max(MOST_LABELS)
  .describe(
    'Labels of access: who has one of them sees the document. A key may set those that it has itself, one of the scope admin any; without labels here the document has those of the key, and where the key sees everything those that it had before. An empty list: everybody sees it.',
  );

/** Free fields of a document. */
export const fields = z
  .record(z.string().min(1), z.unknown())
  .refine((value) => isStorableJson(JSON.stringify(value)), `holds ${STORABLE_TEXT_RULE}`)
  .transform((value) => value as Readonly<Record<string, JsonValue>>)
  .describe('What else is known of the document, for filters: {"year": 2026}.');

/** A number in a query string. */
export const queryNumber = (least: number, most: number): z.ZodType<number> => z.coerce.number().int().min(least).max(most);

export const pagesSchema = z.object({ first: z.int(), last: z.int() });
export const spanSchema = z.object({ start: z.int(), end: z.int() }).describe('Bytes, in UTF-8.');
