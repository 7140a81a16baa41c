import type { Figure, FigureMediaType, JsonValue, Metadata, PageRange } from '../../data/index.ts';
import type { FieldOptions, IndexDescription, RetrieverChoice, SearcherSearchOptions } from '../../rag/index.ts';
import type { PictureSearchOptions } from '../../rag/pictures/index.ts';

/** Labels of access of who asks; 'everything' where no access rules are kept. They go into the store's query, whatever the query is. */
export type AccessLabels = readonly string[] | 'everything';

/** What a collection holds. */
export interface CollectionSummary {
  readonly name: string;
  /** Files' documents: a text, a record of a table, an article. */
  readonly documents: number;
  /** What results are: documents are cut into units. */
  readonly units: number;
  readonly passages: number;
  /** On disk, the embedded database included. */
  readonly bytes: number;
  readonly retrievers: Exclude<RetrieverChoice, 'bm25'>;
  /** Content hash of the checkpoint. */
  readonly checkpoint: string;
  /** Id of the teacher. */
  readonly teacher: string;
  /** ISO 8601. */
  readonly createdAt?: string;
  /** How many changes it has seen; those that versions made which kept no log are not counted. */
  readonly version: number;
  /** Why it cannot be looked at now, as another process changes it; what it holds is not known then. */
  readonly problem?: { readonly code: string; readonly message: string };
}

export interface DescribedCollection extends CollectionSummary {
  readonly index: IndexDescription;
}

export interface LiveSearchOptions extends Omit<SearcherSearchOptions, 'onUnsearchable'> {
  readonly labels: AccessLabels;
  /** What ranks; both where the collection keeps terms (words alone where the teacher is not to be had), else vectors, unless given. */
  readonly retrievers?: RetrieverChoice | undefined;
  /** Ranks what was found anew by vector groups; of a collection that has them. */
  readonly field?: FieldOptions | undefined;
}

/** A search for figures by words, a picture, or both. */
export interface LivePictureOptions extends PictureSearchOptions {
  readonly labels: AccessLabels;
}

/** A document that is to come, or to take the place of the one that was put under the same source. */
export interface DocumentToPut {
  /** What it is called by: a path, a URL, any line of text. Results and lists name it so. */
  readonly source: string;
  /** A file's bytes, or a text. */
  readonly content: Uint8Array | string;
  /** Which parser reads it, `markdown` say; told by its bytes and by the ending of its source unless given, and a text of another ending is plain text. */
  readonly format?: string | undefined;
  /** Labels of access; those that it had before stay unless given, and an empty list opens it to everybody. */
  readonly labels?: readonly string[] | undefined;
  /** For filters and results, over the fields that the content brings itself. */
  readonly fields?: Readonly<Record<string, JsonValue>> | undefined;
  /** Its title, in place of the one that the content has, where it is one document. */
  readonly title?: string | undefined;
}

/** Names what is to go: all documents of a source, or one by its id. */
export type DocumentToRemove = { readonly source: string } | { readonly document: string };

/** What is removed goes before what is put comes. */
export interface DocumentsChange {
  readonly put?: readonly DocumentToPut[] | undefined;
  readonly remove?: readonly DocumentToRemove[] | undefined;
}

export interface ChangeOptions {
  /** Labels of access of who changes, 'everything' unless given: what they may not see they neither replace (`SOURCE_TAKEN`) nor remove (it is not there for them). */
  readonly labels?: AccessLabels | undefined;
  /** Takes the change back as long as it waits; once it is being committed, it counts. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the change is: documents parsed, units packed, units encoded. */
  readonly onProgress?: ((done: number, total: number, stage: ChangeStage) => void) | undefined;
}

export type ChangeStage = 'parsing' | 'packing' | 'encoding';

/** What became of a document that was put. */
export interface PutResult {
  readonly source: string;
  /** Ids of what the content became: one document, or several. */
  readonly documents: readonly string[];
  readonly units: number;
  /** Why it did not go in; what the collection had under its source stays. */
  readonly problem?: { readonly code: string; readonly message: string };
}

export interface ChangeResult {
  /** Of the collection, from when the change counts; changes that were taken together have one. */
  readonly version: number;
  /** ISO 8601. */
  readonly at: string;
  readonly put: readonly PutResult[];
  /** Documents that went. */
  readonly removed: number;
}

export interface DocumentsWanted {
  readonly labels: AccessLabels;
  /** Only documents whose ids come after it. */
  readonly after?: string | undefined;
  /** 100 unless given, 1,000 at most. */
  readonly limit?: number | undefined;
  /** Only documents whose source begins so. */
  readonly source?: string | undefined;
}

export interface DocumentSummary {
  readonly id: string;
  readonly source: string;
  readonly title?: string;
  /** Those that the asker may see. */
  readonly units: number;
  readonly labels?: readonly string[];
}

/** A figure with its picture. */
export interface LiveFigure {
  readonly figure: Figure;
  readonly mediaType: FigureMediaType;
  readonly bytes: Uint8Array;
}

/** A part of a document: what results are. */
export interface LiveUnit {
  /** The document's id, a hyphen and a number. */
  readonly id: string;
  readonly document: string;
  readonly source?: string;
  readonly title?: string;
  readonly headings?: readonly string[];
  readonly pages?: PageRange;
  readonly text: string;
  readonly metadata?: Metadata;
}

/** A document with the units of it that the asker may see, in their order. */
export interface LiveDocument extends DocumentSummary {
  readonly contents: readonly LiveUnit[];
}
