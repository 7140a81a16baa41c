import { join } from 'node:path';
import { z } from 'zod';
import { inStage, type Listener, UsageError } from '../../base/index.ts';
import type { LoadedProjection } from '../../checkpoints/index.ts';
import { type Document, documentText, type SegmentedCorpus } from '../../data/index.ts';
import {
  type GroupEncoderConfig,
  groupEncoderConfig,
  openGroupEncoder,
  PATCHES_PER_GROUP,
  type PatchEncoder,
  parseVectorizer,
  type TextGroupEncoder,
  vectorizerConfig,
} from '../../encoders/index.ts';
import {
  assertHeadFits,
  type CollectionFolder,
  type GroupMaker,
  keepHead,
  openCollectionHead,
  type PackedPassage,
  PassageGroups,
  patchGroupMaker,
  readGroupSettings,
  textGroupMaker,
  writeGroupSettings,
} from '../../rag/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';
import { GROUP_CODECS } from '../../search/rerank/index.ts';
import { contentSize } from '../../zpkg/index.ts';

/** That a collection keeps a vector group of each passage, and how. */
export const groupsSettings = z.strictObject({
  /** Who makes the vectors of tokens; the collection's teacher unless given. */
  encoder: groupEncoderConfig.shape.encoder.optional(),
  vectorizer: vectorizerConfig.prefault({ strategy: 'token_pool_topK' }),
  /** Passages are patches that the collection's encoder reads from their compressed chunks, so many at most; absent: they are tokens, as queries are. */
  patches: z.strictObject({ most: z.int().positive().max(1024).default(PATCHES_PER_GROUP) }).optional(),
  codec: z.enum(GROUP_CODECS).default('int8'),
  /** Content hash of the trained head that vectors go through; absent: none. */
  head: z.string().optional(),
});

export type GroupsSettings = z.infer<typeof groupsSettings>;

/** How groups are made. */
export interface GroupsInput extends Omit<z.input<typeof groupsSettings>, 'head'> {
  /** A head's checkpoint or run, which is kept in the collection. */
  readonly head?: string | undefined;
}

/** @throws UsageError `GROUP_STRATEGY`, `GROUP_SETTINGS`; as `openProjection` */
export async function parseGroups({ head, ...input }: GroupsInput): Promise<GroupsSettings> {
  if (input.vectorizer !== undefined) parseVectorizer(input.vectorizer);
  const hash = head === undefined ? undefined : await hashOf(head);
  const parsed = groupsSettings.safeParse({ ...input, ...(hash !== undefined && { head: hash }) });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError('GROUP_SETTINGS', `these are no settings of vector groups: ${issue!.path.join('.')}: ${issue!.message}`, {
    details: { input },
    cause: parsed.error,
  });
}

/** Content hash of a head. */
async function hashOf(head: string): Promise<string> {
  const { openProjection } = await import('../../checkpoints/index.ts');
  return (await openProjection(head)).state.contentHash;
}

type Manifest = CollectionFolder['manifest'];

/**
 * What makes a collection's groups.
 *
 * @throws UsageError `GROUP_ENCODER` where nothing is named and the teacher gives no vectors of tokens
 */
export function groupConfigOf(
  { encoder, vectorizer, patches }: GroupsSettings,
  { teacher: { config }, checkpoint, dimension }: Manifest,
): GroupEncoderConfig {
  const passages = patches && { patches: { revision: checkpoint.hash, dimension, most: patches.most } };
  if (encoder !== undefined) return { encoder, vectorizer, ...passages };
  if (config.kind === 'transformers') {
    const { kind: _, cache: __, ...own } = config;
    return { encoder: own, vectorizer, ...passages };
  }
  throw new UsageError(
    'GROUP_ENCODER',
    `vector groups are made of tokens' vectors, and the teacher of this collection (${config.kind}) has none: name a model with --groups-model`,
    { details: { teacher: config.kind } },
  );
}

/** What makes the groups of a collection, and the head that it has. */
export interface CollectionGroups {
  readonly encoder: TextGroupEncoder;
  readonly head: LoadedProjection | undefined;
}

/** Opens it. Dispose of the encoder. Throws UsageError `HEAD_NEEDED`, `HEAD_ENCODER`; as `groupConfigOf`, `openProjection` and `openGroupEncoder`. */
export async function openCollectionGroups(
  { path, manifest }: CollectionFolder,
  settings: GroupsSettings,
  models: string | undefined,
): Promise<CollectionGroups> {
  const config = groupConfigOf(settings, manifest);
  await keepHead(path, settings.head, undefined);
  const head = await openCollectionHead(path);
  const encoder = await openGroupEncoder(config, {
    models: models ?? manifest.teacher.models,
    projection: head?.projection,
  });
  try {
    assertHeadFits(head, encoder.description);
    return { encoder, head };
  } catch (error) {
    await encoder.dispose();
    throw error;
  }
}

interface UnitGroupsInput {
  readonly collection: CollectionFolder;
  readonly settings: GroupsSettings;
  readonly groups: CollectionGroups;
  /** What reads patches. */
  readonly student: PatchEncoder;
  readonly models: string | undefined;
  /** In the state that is to come. */
  readonly corpus: SegmentedCorpus;
  /** Texts of units; those that are not new are passed over. */
  readonly documents: AsyncIterable<Document>;
  /** Ids of new units. */
  readonly changed: ReadonlySet<string>;
  readonly listener: Listener;
}

/** Vector groups that were made, until the index takes them. */
export type UnitGroups = Pick<PassageGroups<never>, 'settings' | 'groupsOf' | typeof Symbol.asyncDispose>;

/** Makes the groups of new units' passages: of their texts, which are at hand only now, or of their patches. Dispose of them. */
export function makeUnitGroups(input: UnitGroupsInput): Promise<UnitGroups> {
  const { settings, groups, student, corpus, documents, changed } = input;
  const { encoder, head } = groups;
  if (settings.patches === undefined) return madeOf(input, textGroupMaker(encoder), textsOf(corpus, documents, changed));
  const maker = patchGroupMaker(student, corpus.dictionary, encoder.description, head?.projection);
  return madeOf(input, maker, packedOf(corpus, changed));
}

/** A unit's chunks with their passages. */
type UnitPassages<Passage> = readonly { readonly chunk: number; readonly passages: readonly Passage[] }[];

async function madeOf<Passage>(
  { collection, settings, models, changed, listener }: UnitGroupsInput,
  maker: GroupMaker<Passage>,
  passages: AsyncIterable<UnitPassages<Passage>>,
): Promise<UnitGroups> {
  const known = await readGroupSettings(collection.store);
  const { manifest } = collection;
  return inStage(
    listener,
    'vector groups',
    async (stage) => {
      let units = 0;
      const groups = await PassageGroups.create(join(collection.workPath, 'groups'), maker, {
        config: groupConfigOf(settings, manifest),
        models: models ?? manifest.teacher.models,
        codec: settings.codec,
        known,
        innerProducts: tensorInnerProducts,
        onProgress: (done) => stage.progress(units, changed.size, `${done} passages`),
      });
      try {
        for await (const unit of passages) {
          units++;
          for (const { chunk, passages: own } of unit) await groups.add(chunk, own);
        }
        await groups.finish();
        return groups;
      } catch (error) {
        await groups[Symbol.asyncDispose]();
        throw error;
      }
    },
    (groups) => `${groups.passages} passages`,
  );
}

/** Says in a transaction what the groups are, where that is not said yet. */
export async function rememberGroups(store: CollectionFolder['store'], groups: UnitGroups | undefined): Promise<void> {
  if (groups?.settings !== undefined && (await readGroupSettings(store)) === undefined)
    await writeGroupSettings(store, groups.settings);
}

/** The texts of new units. */
async function* textsOf(
  corpus: SegmentedCorpus,
  documents: AsyncIterable<Document>,
  changed: ReadonlySet<string>,
): AsyncGenerator<UnitPassages<string>> {
  for await (const document of documents) if (changed.has(document.id)) yield await passageTexts(corpus, document);
}

/** New units as they were packed. */
async function* packedOf(corpus: SegmentedCorpus, changed: ReadonlySet<string>): AsyncGenerator<UnitPassages<PackedPassage>> {
  for (const id of changed) {
    const unit: { chunk: number; passages: PackedPassage[] }[] = [];
    for (const chunk of corpus.chunksOf(id)) {
      const frame = await corpus.compressedChunk(chunk);
      const spans = (await corpus.passagesOf(chunk)) ?? [undefined];
      unit.push({ chunk, passages: spans.map((span) => ({ frame, span })) });
    }
    yield unit;
  }
}

/** The texts of a document's passages, chunk by chunk: the parts that were packed of its text. */
async function passageTexts(corpus: SegmentedCorpus, document: Document): Promise<UnitPassages<string>> {
  const text = Buffer.from(documentText(document));
  const chunks = corpus.chunksOf(document.id);
  const found: { chunk: number; passages: string[] }[] = [];
  let start = 0;
  for (const chunk of chunks) {
    const size = chunks.length === 1 ? text.length : contentSize(await corpus.compressedChunk(chunk));
    const content = text.subarray(start, start + size);
    start += size;
    const spans = (await corpus.passagesOf(chunk)) ?? [{ start: 0, end: size }];
    found.push({ chunk, passages: spans.map((span) => content.toString('utf8', span.start, span.end)) });
  }
  return found;
}
