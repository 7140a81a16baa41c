import { join } from 'node:path';
import { z } from 'zod';
import { inStage, type Listener, UsageError } from '../../base/index.ts';
import { type Document, documentText, type SegmentedCorpus } from '../../data/index.ts';
import {
  type GroupEncoderConfig,
  groupEncoderConfig,
  openGroupEncoder,
  type TextGroupEncoder,
  vectorizerConfig,
} from '../../encoders/index.ts';
import { type CollectionFolder, PassageGroups, readGroupSettings, writeGroupSettings } from '../../rag/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';
import { GROUP_CODECS } from '../../search/rerank/index.ts';
import { contentSize } from '../../zpkg/index.ts';

/** That a collection keeps a vector group of each passage, and how. */
export const groupsSettings = z.strictObject({
  /** Who makes the vectors of tokens; the collection's teacher unless given. */
  encoder: groupEncoderConfig.shape.encoder.optional(),
  vectorizer: vectorizerConfig.prefault({ strategy: 'token_pool_topK' }),
  codec: z.enum(GROUP_CODECS).default('int8'),
});

export type GroupsSettings = z.infer<typeof groupsSettings>;
export type GroupsInput = z.input<typeof groupsSettings>;

type Teacher = CollectionFolder['manifest']['teacher'];

/**
 * What makes a collection's groups.
 *
 * @throws UsageError `GROUP_ENCODER` where nothing is named and the teacher gives no vectors of tokens
 */
export function groupConfigOf({ encoder, vectorizer }: GroupsSettings, { config }: Teacher): GroupEncoderConfig {
  if (encoder !== undefined) return { encoder, vectorizer };
  if (config.kind === 'transformers') {
    const { kind: _, cache: __, ...own } = config;
    return { encoder: own, vectorizer };
  }
  throw new UsageError(
    'GROUP_ENCODER',
    `vector groups are made of tokens' vectors, and the teacher of this collection (${config.kind}) has none: name a model with --groups-model`,
    { details: { teacher: config.kind } },
  );
}

/** Opens it. Dispose of it. Throws as `groupConfigOf` and `openGroupEncoder`. */
export function openGroupsEncoder(
  settings: GroupsSettings,
  teacher: Teacher,
  models: string | undefined,
): Promise<TextGroupEncoder> {
  return openGroupEncoder(groupConfigOf(settings, teacher), { models: models ?? teacher.models });
}

interface UnitGroupsInput {
  readonly collection: CollectionFolder;
  readonly settings: GroupsSettings;
  readonly encoder: TextGroupEncoder;
  readonly models: string | undefined;
  /** In the state that is to come. */
  readonly corpus: SegmentedCorpus;
  /** Texts of units; those that are not new are passed over. */
  readonly documents: AsyncIterable<Document>;
  /** Ids of new units. */
  readonly changed: ReadonlySet<string>;
  readonly listener: Listener;
}

/** Makes the groups of new units' passages, whose texts are at hand only now. Dispose of them. */
export async function makeUnitGroups(input: UnitGroupsInput): Promise<PassageGroups> {
  const { collection, settings, encoder, models, corpus, documents, changed, listener } = input;
  const known = await readGroupSettings(collection.store);
  const { teacher } = collection.manifest;
  return inStage(
    listener,
    'vector groups',
    async (stage) => {
      let units = 0;
      const groups = await PassageGroups.create(join(collection.workPath, 'groups'), encoder, {
        config: groupConfigOf(settings, teacher),
        models: models ?? teacher.models,
        codec: settings.codec,
        known,
        innerProducts: tensorInnerProducts,
        onProgress: (passages) => stage.progress(units, changed.size, `${passages} passages`),
      });
      try {
        for await (const document of documents) {
          if (!changed.has(document.id)) continue;
          units++;
          for (const { chunk, texts } of await passageTexts(corpus, document)) await groups.add(chunk, texts);
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
export async function rememberGroups(store: CollectionFolder['store'], groups: PassageGroups | undefined): Promise<void> {
  if (groups?.settings !== undefined && (await readGroupSettings(store)) === undefined)
    await writeGroupSettings(store, groups.settings);
}

/** The texts of a document's passages, chunk by chunk: the parts that were packed of its text. */
async function passageTexts(
  corpus: SegmentedCorpus,
  document: Document,
): Promise<{ readonly chunk: number; readonly texts: readonly string[] }[]> {
  const text = Buffer.from(documentText(document));
  const chunks = corpus.chunksOf(document.id);
  const found: { chunk: number; texts: string[] }[] = [];
  let start = 0;
  for (const chunk of chunks) {
    const size = chunks.length === 1 ? text.length : contentSize(await corpus.compressedChunk(chunk));
    const content = text.subarray(start, start + size);
    start += size;
    const spans = (await corpus.passagesOf(chunk)) ?? [{ start: 0, end: size }];
    found.push({ chunk, texts: spans.map((span) => content.toString('utf8', span.start, span.end)) });
  }
  return found;
}
