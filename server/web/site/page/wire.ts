// The answers of the server as the page reads them: docs/http.md has them in full.

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

interface PageRange {
  readonly first: number;
  readonly last?: number;
}

/** What the corpus says of a passage. */
export interface WireMetadata {
  readonly title?: string;
  readonly source?: string;
  readonly pages?: PageRange;
  readonly headings?: readonly string[];
  readonly language?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A figure whose picture may be there to be asked for. */
export interface WireFigure {
  readonly id: string;
  readonly page?: number;
  readonly caption?: string;
  readonly alt?: string;
  readonly width?: number;
  readonly height?: number;
  readonly stored: boolean;
}

export interface WireCollection {
  readonly name: string;
  /** Counts are told to who may see all documents. */
  readonly documents?: number;
  readonly units?: number;
  readonly passages?: number;
  readonly bytes?: number;
  readonly retrievers?: string;
  /** Why it cannot be looked at now. */
  readonly problem?: { readonly code: string; readonly message: string };
}

export interface WireDocument {
  /** D of its units D-N. */
  readonly id: string;
  readonly source: string;
  readonly title?: string;
  readonly units: number;
  readonly labels?: readonly string[];
}

export interface WireDocumentPage {
  readonly documents: readonly WireDocument[];
  readonly next?: string;
}

export interface WireUnit extends WireMetadata {
  /** D-N. */
  readonly id: string;
  readonly document: string;
  readonly text: string;
  readonly figure?: WireFigure;
}

export interface WireDocumentWithTexts extends WireDocument {
  /** Its units, in their order. */
  readonly texts: readonly WireUnit[];
}

export interface WireResult {
  /** The unit's: D-N. */
  readonly id: string;
  readonly score: number;
  readonly text: string;
  readonly metadata?: WireMetadata;
  readonly parts?: readonly { readonly retriever: string; readonly rank: number; readonly score: number }[];
  readonly retriever?: string;
  readonly figure?: WireFigure;
}

export interface WireSearch {
  readonly results: readonly WireResult[];
  readonly took_ms: number;
  readonly timings?: Readonly<Record<string, number>>;
  readonly note?: string;
}

export interface WireCitation extends WireMetadata {
  /** As `[1]` in the answer. */
  readonly number: number;
  readonly figure?: WireFigure;
  /** The unit's: D-N. */
  readonly document: string;
  /** The quoted words, as the unit has them. */
  readonly text: string;
  /** Where the unit has them. */
  readonly span?: ByteRange;
  /** Where it lies in a cell of a table: which. */
  readonly cell?: { readonly row: string; readonly column: string };
  readonly relevance?: number;
}

export interface WireAnswer {
  readonly answer: string;
  /** False where the documents do not say. */
  readonly answered: boolean;
  readonly citations: readonly WireCitation[];
  /** The words of a citation that answer the question, where its form permits. */
  readonly short_answer?: { readonly text: string; readonly citation: number };
  readonly confidence?: number;
  readonly dropped?: number;
  readonly sources?: readonly WireResult[];
  readonly timings?: Readonly<Record<string, number>>;
  readonly model?: string;
  /** As the conversation rewrote it. */
  readonly question?: string;
}

/** What happened to the documents that were sent. */
export interface WireChangeResult {
  readonly version?: number;
  readonly put?: readonly {
    readonly source: string;
    readonly documents?: readonly string[];
    readonly units?: number;
    readonly problem?: { readonly code: string; readonly message: string };
  }[];
  readonly removed?: number;
}

export interface WireJob {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'done' | 'failed';
  readonly progress?: { readonly done: number; readonly total: number; readonly stage?: string };
  readonly result?: WireChangeResult;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface WireChange {
  readonly version: number;
  readonly at: string;
  readonly put: readonly string[];
  readonly removed: readonly string[];
  /** How many more there were than are named. */
  readonly more_put?: number;
  readonly more_removed?: number;
}
