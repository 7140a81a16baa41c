import { z } from 'zod';
import { VECTOR_PRECISIONS } from '../../search/postgres/index.ts';
import { GROUP_CODECS } from '../../search/rerank/index.ts';
import type { ChangeEntry, CollectionSummary, CollectionsService } from '../collection-service.ts';
import { collectionName, queryNumber } from './values.ts';

const MOST_CHANGES = 1000;
const DEFAULT_CHANGES = 100;

export const collectionParams = z.object({ name: collectionName });

/** Body of `POST /v1/collections`. */
export const createCollectionRequest = z.strictObject({
  name: collectionName,
  settings: z
    .strictObject({
      units: z
        .strictObject({
          strategy: z.enum(['document', 'sliding', 'headings', 'semantic']).optional(),
          minimum_tokens: z.int().min(0).optional(),
          maximum_tokens: z.int().min(64).optional(),
        })
        .optional()
        .describe('How documents are cut into units.'),
      passage_size: z.int().min(64).optional().describe('Bytes of a passage.'),
      passage_overlap: z.int().min(0).optional().describe('Bytes that neighbouring passages share.'),
      prune: z.boolean().optional().describe('Whether page numbers and the like are left out.'),
      terms: z.enum(['none', 'words', 'characters']).optional().describe('What cuts passages into terms for search by words.'),
      groups: z
        .strictObject({
          strategy: z.enum(['token_pool_topK', 'cluster_centers_r', 'all_tokens', 'patches']).default('token_pool_topK'),
          codec: z.enum(GROUP_CODECS).default('int8'),
        })
        .optional()
        .describe(
          'That each passage has a group of vectors, for searches with `field`: of its words by the teacher, or of the patches of its compressed chunk; absent: none has.',
        ),
      precision: z.enum(VECTOR_PRECISIONS).optional().describe('How vectors are kept.'),
      language: z
        .string()
        .regex(/^[a-z]{2,3}$/, 'must be a code of ISO 639')
        .optional()
        .meta({
          description:
            'Of the documents that will come: where the server was started without a checkpoint, the one of that language encodes them, if there is one.',
          examples: ['zh'],
        }),
    })
    .optional()
    .describe('How documents are cut and indexed, as `cem ingest` is told; what is left out has its default.'),
});

/** The settings of a request as collections take them. */
export function settingsOf(
  settings: z.output<typeof createCollectionRequest>['settings'],
): Parameters<CollectionsService['create']>[1] {
  if (settings === undefined) return undefined;
  const { units, passage_size: passageSize, passage_overlap: passageOverlap, groups, ...rest } = settings;
  const { strategy, minimum_tokens: minimumTokens, maximum_tokens: maximumTokens } = units ?? {};
  return {
    ...rest,
    passageSize,
    passageOverlap,
    ...(groups && {
      groups: {
        codec: groups.codec,
        ...(groups.strategy === 'patches' ? { patches: {} } : { vectorizer: { strategy: groups.strategy } }),
      },
    }),
    ...(units && {
      units: {
        ...(strategy !== undefined && { strategy }),
        ...(minimumTokens !== undefined && { minimumTokens }),
        ...(maximumTokens !== undefined && { maximumTokens }),
      },
    }),
  };
}

export const collectionSchema = z
  .object({
    name: z.string(),
    documents: z.int().optional().describe('Absent where the key does not see all documents, as the other counts.'),
    units: z.int().optional(),
    passages: z.int().optional(),
    bytes: z.int().optional().describe('On the disk.'),
    retrievers: z.string().describe('vectors, or hybrid where the collection keeps terms.'),
    checkpoint: z.string().describe('Content hash of the encoder.'),
    teacher: z.string(),
    created_at: z.string().optional(),
    version: z.int().optional().describe('Changes so far.'),
    problem: z
      .object({ code: z.string(), message: z.string() })
      .optional()
      .describe('Why it cannot be looked at now; its counts are not known then.'),
  })
  .meta({ id: 'Collection' });

export const collectionsAnswer = z.object({ collections: z.array(collectionSchema) });

export const collectionDescription = collectionSchema
  .extend({ index: z.record(z.string(), z.unknown()).optional().describe('What a search looks through, and what made it.') })
  .meta({ id: 'CollectionDescription' });

export const deletedCollection = z.object({ name: z.string(), deleted: z.literal(true) });

/**
 * A collection on the wire.
 *
 * @param counts whether it says how much there is, which tells of documents that not all may see
 */
export function wireCollection(collection: CollectionSummary, counts: boolean): z.input<typeof collectionSchema> {
  const { name, documents, units, passages, bytes, retrievers, checkpoint, teacher, createdAt, version, problem } = collection;
  return {
    name,
    ...(counts && { documents, units, passages, bytes }),
    retrievers,
    checkpoint,
    teacher,
    ...(createdAt !== undefined && { created_at: createdAt }),
    ...(counts && { version }),
    ...(problem && { problem }),
  };
}

export const changesQuery = z.strictObject({
  before: queryNumber(0, Number.MAX_SAFE_INTEGER).optional().describe('Changes before this version.'),
  limit: queryNumber(1, MOST_CHANGES).default(DEFAULT_CHANGES).describe('How many.'),
});

const changeEntry = z
  .object({
    version: z.int(),
    at: z.string(),
    put: z.array(z.string()).describe('Sources.'),
    removed: z.array(z.string()).describe('Sources.'),
    more_put: z.int().optional().describe('How many more came than are named.'),
    more_removed: z.int().optional(),
  })
  .meta({ id: 'ChangeEntry' });

export const changesAnswer = z.object({ changes: z.array(changeEntry) });

export const wireChanges = (changes: readonly ChangeEntry[]): z.input<typeof changesAnswer> => ({
  changes: changes.map(({ version, at, put, removed, morePut, moreRemoved }) => ({
    version,
    at,
    put: [...put],
    removed: [...removed],
    ...(morePut !== undefined && { more_put: morePut }),
    ...(moreRemoved !== undefined && { more_removed: moreRemoved }),
  })),
});
