import { z } from 'zod';
import { CemError } from '../../base/index.ts';
import type { JsonValue } from '../../data/index.ts';
import {
  type FigureCounts,
  type ParseLimits,
  type UnitSettingsInput,
  type UnitStatistics,
  unitSettings,
} from '../../ingest/index.ts';
import type { IndexingResult, SourceRoot } from '../../rag/index.ts';
import type { VectorIndexInput } from '../../search/index.ts';
import { analyzerConfig } from '../../search/lexical/index.ts';
import type { VectorPrecision } from '../../search/postgres/index.ts';
import type { OnBackend } from '../shared/backend.ts';
import type { LongCall } from '../shared/call.ts';
import type { TermsChoice } from '../shared/terms-choice.ts';
import { type GroupsInput, groupsSettings } from './unit-groups.ts';

/** Bytes of a passage in a new collection. */
const PASSAGE_SIZE = 1024;
const LEVEL = 19;

/** How a collection makes documents of files, once and for all. */
export const collectionSettings = z.strictObject({
  units: unitSettings.prefault({}),
  passageSize: z.int().min(64).default(PASSAGE_SIZE),
  passageOverlap: z.int().min(0).default(0),
  level: z.int().default(LEVEL),
  /** Tokenizer that units are measured by, as `openTokenCounter` takes it. */
  tokenizer: z.string().default('o200k_base'),
  /** Whether page numbers, copyright lines and links to move about are left out. */
  prune: z.boolean().default(true),
  /** Whether advertisements, disclaimers and what stands beside a text are left out too, as a small classifier tells them. */
  pruneNoise: z.boolean().default(false),
  /** What becomes of pictures: `store` keeps them beside the texts, `reference` only says where they are, `none` passes them over. */
  figures: z.enum(['store', 'reference', 'none']).default('store'),
  /** Whether units get the time that they are about as fields; absent where they do not, so that earlier versions read such collections. */
  periods: z.literal(true).optional(),
  terms: z.union([z.literal('none'), analyzerConfig]).prefault({ kind: 'words' }),
  /** Absent where passages have no vector groups, so that earlier versions read such collections. */
  groups: groupsSettings.optional(),
});
export type CollectionSettings = z.infer<typeof collectionSettings>;

/** @throws CemError `COLLECTION_SETTINGS` for a collection that another version made */
export function settingsOfCollection(path: string, settings: Readonly<Record<string, JsonValue>>): CollectionSettings {
  const parsed = collectionSettings.safeParse(settings);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new CemError(
    'COLLECTION_SETTINGS',
    `the settings of the collection ${path} are none that this version knows (${issue.path.join('.') || 'the whole'}: ${issue.message}): use the version that made it, or ingest the files into another collection`,
    { details: { path, settings }, cause: parsed.error },
  );
}

export interface IngestOptions extends LongCall, OnBackend {
  /** Files and folders; those that were ingested before, all of them, unless given. */
  readonly paths?: readonly string[] | undefined;
  /** The collection's folder, made when there is none. */
  readonly into: string;
  /** Names of roots whose files go, whether they are there or not. */
  readonly forget?: readonly string[] | undefined;
  /** Format of all files, in place of the one that their bytes and names say. */
  readonly format?: string | undefined;
  /** Labels of access of the files' documents; those that files had before stay unless given. */
  readonly labels?: readonly string[] | undefined;
  /** What one file may take. */
  readonly limits?: Partial<ParseLimits> | undefined;
  /** Of a new collection: how documents are cut into units. */
  readonly units?: UnitSettingsInput | undefined;
  /** Of a new collection: bytes of a passage; 1,024 unless given. */
  readonly passageSize?: number | undefined;
  /** Of a new collection: bytes that neighbouring passages share; 0 unless given. */
  readonly passageOverlap?: number | undefined;
  /** Of a new collection: the tokenizer that units are measured by, `o200k_base` (GPT-4o and later) unless given, or the folder of a model's. */
  readonly tokenizer?: string | undefined;
  /** Of a new collection: whether page numbers, copyright lines and links to move about are left out of documents; they are unless false. */
  readonly prune?: boolean | undefined;
  /** Of a new collection: whether advertisements, disclaimers and what stands beside a text are left out too, as a small classifier tells them; only if true. */
  readonly pruneNoise?: boolean | undefined;
  /** Of a new collection: whether pictures are kept beside the texts (`store`, unless given), only described (`reference`), or passed over (`none`). */
  readonly figures?: CollectionSettings['figures'] | undefined;
  /** Of a new collection: whether units get year, quarter, first and last day of what their headings or their document's title say they are about, as fields for filters; only if true. */
  readonly periods?: boolean | undefined;
  /** Of a new collection: what cuts passages into terms for search by words, `words` unless given; `none`: only vectors are searched. */
  readonly terms?: TermsChoice | undefined;
  /** Of a new collection: whether each passage has a vector group, which searches can rank by (`field`), and how it is made; it has none unless given. */
  readonly groups?: GroupsInput | undefined;
  /** A checkpoint's folder or a run's; the collection's own, or for a new one CEM_CHECKPOINT, else the one that comes with the package. */
  readonly checkpoint?: string | undefined;
  /** PostgreSQL with pgvector, as `postgres://user:password@host:port/database`; without it an embedded database in the collection. */
  readonly database?: string | undefined;
  /** Of a new collection, or one that this machine comes to share: `s3://BUCKET/PREFIX` under which segments lie, so that other machines have the collection, too; with `database`. */
  readonly segments?: string | undefined;
  /** Folder where searches look for the teacher before the hub. */
  readonly models?: string | undefined;
  /** Folder of the models that read texts in pictures and scanned pages (OCR), or `none`; CEM_OCR_MODELS, else `PP-OCRv6-small` in `models`, where it has them, unless given. */
  readonly ocrModels?: string | undefined;
  readonly precision?: VectorPrecision | undefined;
  readonly vectorIndex?: VectorIndexInput | undefined;
}

/** A file that was not read, and why. */
export interface SourceProblem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
  /** Whether what the collection had of it stays: where the disk did not give it, but not where its content is at fault. */
  readonly kept: boolean;
}

/** What an ingestion did. */
export interface IngestResult {
  readonly collection: string;
  /** Where its files lie. */
  readonly roots: readonly SourceRoot[];
  readonly files: {
    /** In the folders and files that were named. */
    readonly found: number;
    readonly added: number;
    readonly changed: number;
    readonly unchanged: number;
    /** That the collection had and that are there no more. */
    readonly gone: number;
    /** That no parser read, now or before. */
    readonly failed: number;
  };
  /** Bytes of the files that were parsed now. */
  readonly bytes: number;
  readonly problems: readonly SourceProblem[];
  /** What files said of themselves while they were parsed, each line with its file. */
  readonly warnings: readonly string[];
  /** Of what was parsed now. */
  readonly units: UnitStatistics;
  /** Blocks that rules, or the classifier, left out of what was parsed now. */
  readonly pruned: number;
  /** Figures of what was parsed now, and pictures that are none, by why. */
  readonly figures: { readonly described: number; readonly stored: number; readonly leftOut: FigureCounts };
  /** Units in the collection. */
  readonly documents: number;
  readonly chunks: number;
  readonly passages: number;
  /** What became of the index; absent where nothing changed. */
  readonly index?: IndexingResult;
  readonly seconds: number;
}
