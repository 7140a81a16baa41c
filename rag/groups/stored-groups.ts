import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { CemError, parseJson, UsageError } from '../../base/index.ts';
import { type GroupDescription, type GroupEncoderConfig, groupEncoderConfig, type VectorGroup } from '../../encoders/index.ts';
import type { PgvectorStore } from '../../search/postgres/index.ts';
import {
  GROUP_CODECS,
  type GroupCodec,
  type GroupCodecKind,
  type GroupKey,
  type GroupSource,
  openGroupCodec,
} from '../../search/rerank/index.ts';

/** Names of the store's properties that say what its groups are. */
const GROUPS_PROPERTY = 'groups';
const CODEBOOK_PROPERTY = 'groups.codebook';

const storedSettings = z.strictObject({
  version: z.literal(1),
  /** What made them. */
  config: groupEncoderConfig,
  /** Where the encoder was looked up. */
  models: z.string().optional(),
  codec: z.enum(GROUP_CODECS),
  /** As it described itself: one that says something else made none of them. */
  description: z.record(z.string(), z.json()),
  dimension: z.int().positive(),
});

/** What the groups of a store are. */
export interface StoredGroupSettings {
  readonly config: GroupEncoderConfig;
  readonly models?: string | undefined;
  readonly codec: GroupCodecKind;
  readonly description: Readonly<Record<string, unknown>>;
  readonly dimension: number;
  /** Of 2-bit residuals. */
  readonly codebook?: Uint8Array | undefined;
}

/** A description as it is stored. */
export const descriptionJson = (description: GroupDescription): Readonly<Record<string, z.core.util.JSONType>> =>
  JSON.parse(JSON.stringify(description)) as Record<string, z.core.util.JSONType>;

/** What a store's groups are; undefined where none were written yet. Throws FormatError `GROUPS_FORMAT`. */
export async function readGroupSettings(store: Pick<PgvectorStore, 'property'>): Promise<StoredGroupSettings | undefined> {
  const text = await store.property(GROUPS_PROPERTY);
  if (text === undefined) return undefined;
  const { version: _, ...settings } = parseJson(text, storedSettings, 'the database', {
    code: 'GROUPS_FORMAT',
    what: 'what vector groups of version 1 are made by',
    remedy: 'use the version that made the collection, or ingest the files into another one',
  });
  const codebook = await store.property(CODEBOOK_PROPERTY);
  return { ...settings, ...(codebook !== undefined && { codebook: Buffer.from(codebook, 'base64') }) };
}

/** Says it once, in the transaction that writes the first of them. */
export async function writeGroupSettings(
  store: Pick<PgvectorStore, 'setProperty'>,
  { codebook, ...settings }: StoredGroupSettings,
): Promise<void> {
  await store.setProperty(GROUPS_PROPERTY, JSON.stringify({ version: 1, ...settings }));
  if (codebook !== undefined) await store.setProperty(CODEBOOK_PROPERTY, Buffer.from(codebook).toString('base64'));
}

/** @throws CemError `GROUPS_OTHER_ENCODER` where an encoder is none that made the stored groups */
export function assertSameGroupEncoder(stored: StoredGroupSettings, description: GroupDescription): void {
  const got = descriptionJson(description);
  if (isDeepStrictEqual(got, stored.description)) return;
  const [{ encoder: wanted }, { encoder }] = [stored.description as unknown as GroupDescription, description];
  throw new CemError(
    'GROUPS_OTHER_ENCODER',
    `the vector groups of the collection are of ${wanted.id} (revision ${wanted.revision}), and ${encoder.id} (revision ${encoder.revision}, other settings where these are the same) cannot be compared with them: name the folder of the first with --models, or ingest the files into another collection`,
    { details: { stored: stored.description, got } },
  );
}

/** The groups of a store's rows. */
export class StoredGroups implements GroupSource {
  readonly #store: Pick<PgvectorStore, 'groupsAt'>;
  readonly #codec: GroupCodec;

  constructor(store: Pick<PgvectorStore, 'groupsAt'>, { codec, dimension, codebook }: StoredGroupSettings) {
    this.#store = store;
    this.#codec = openGroupCodec(codec, dimension, codebook);
  }

  /** @throws FormatError `GROUP_FORMAT` */
  async groupsOf(
    keys: readonly GroupKey[],
    options: { readonly words?: boolean | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly (VectorGroup | undefined)[]> {
    const stored = await this.#store.groupsAt(keys, options);
    return stored.map((group) => group && this.#codec.decode(group.bytes, group.words));
  }
}

/** @throws UsageError `GROUPS_MISSING` */
export function groupsMissing(path: string): UsageError {
  return new UsageError(
    'GROUPS_MISSING',
    `the collection ${path} has no vector groups: texts are at hand only when they are ingested, so ingest its files into another collection with \`cem ingest FILES --into OTHER --groups\`, or search without --field`,
    { details: { path } },
  );
}
