import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeFileAtomically } from '../../base/index.ts';
import { type FusionInput, fusionSchema, hybridFusion } from '../../search/index.ts';
import type { RetrieverChoice } from '../retrieval/searcher.ts';

const FUSION_FILE = 'fusion.json';
const FUSION_VERSION = 1;

/** Names of the retrievers that a collection's hybrid search is made of. */
export const LEXICAL = 'bm25';
export const VECTORS = 'vectors';

const chosenFusion = z.strictObject({
  /** What ranks: both, or words alone where vectors only do harm. */
  retrievers: z.enum(['bm25', 'hybrid']),
  /** How both are fused; absent where words rank alone. */
  fusion: fusionSchema.optional(),
  /** What it was chosen on. */
  chosenOn: z.strictObject({
    /** Questions that were judged, or sentences of the collection's own texts. */
    kind: z.enum(['questions', 'sentences']),
    queries: z.int().positive(),
    /** Of the collection then. */
    units: z.int().nonnegative(),
    /** Mean nDCG@10 there. */
    words: z.number(),
    vectors: z.number(),
    chosen: z.number(),
    /** The same of queries that the choice did not see, by folds; absent for sentences. */
    crossValidated: z.number().optional(),
  }),
});

/** How a collection is searched unless a search says it. */
export type ChosenFusion = z.infer<typeof chosenFusion>;

/**
 * What was chosen for a collection; undefined where nothing was.
 *
 * @throws FormatError `COLLECTION_FORMAT`
 */
export async function readChosenFusion(folder: string): Promise<ChosenFusion | undefined> {
  const file = z.strictObject({ format: z.literal('cem-fusion'), version: z.literal(FUSION_VERSION), ...chosenFusion.shape });
  const read = await readJsonFile(join(folder, FUSION_FILE), file, {
    code: 'COLLECTION_FORMAT',
    what: `a chosen fusion of version ${FUSION_VERSION}`,
    remedy: 'remove it, or choose again with `cem tune-fusion`',
  });
  if (read === undefined) return undefined;
  const { format: _, version: __, ...chosen } = read;
  return chosen;
}

/** Takes the place of what was chosen before. Searches that are open go on as they began. */
export async function writeChosenFusion(folder: string, chosen: ChosenFusion): Promise<void> {
  const value = { format: 'cem-fusion', version: FUSION_VERSION, ...chosen };
  await writeFileAtomically(join(folder, FUSION_FILE), Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
}

/** What a search asked for, with what was chosen for its collection where it asked for nothing. */
export function searchingBy(
  asked: { readonly retrievers?: RetrieverChoice | undefined; readonly fusion?: FusionInput | undefined },
  chosen: ChosenFusion | undefined,
): { readonly retrievers: RetrieverChoice | undefined; readonly fusion: FusionInput } {
  const { retrievers, fusion } = asked;
  // Who says how to fuse, or asks for both where words were found better alone, wants both.
  const own = retrievers === undefined && fusion === undefined ? chosen?.retrievers : undefined;
  return {
    retrievers: retrievers ?? (own === 'hybrid' ? undefined : own),
    fusion: fusion ?? chosen?.fusion ?? hybridFusion(LEXICAL, VECTORS),
  };
}
