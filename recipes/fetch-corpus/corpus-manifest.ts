/** What a fetched corpus is made of: `manifest.json` in its folder. */
export interface CorpusManifest {
  readonly formatVersion: 1;
  readonly corpus: string;
  readonly seed: number;
  readonly sources: readonly SourceRecord[];
  /** Sources that could not be had, and why. */
  readonly missing: readonly { readonly name: string; readonly reason: string }[];
  /** Sets that were there to be kept out. */
  readonly keptOut: readonly string[];
  readonly passages: number;
  readonly definitions: number;
  readonly words: number;
  readonly questions: number;
}

/** One source: where it is from, and what it gave. */
export interface SourceRecord {
  readonly name: string;
  readonly registry: string;
  readonly package: string;
  /** Empty for folders of this machine and for descriptions, which have none. */
  readonly version: string;
  /** Of the package's file; absent for folders of this machine. */
  readonly sha256?: string;
  readonly bytes?: number;
  readonly licence: string;
  readonly passages: number;
  readonly definitions: number;
  /** Texts that were drawn and left out: (near) duplicates, and such that have a run in common with a set that is kept out. */
  readonly duplicates: number;
  readonly keptOut: Readonly<Record<string, number>>;
}

/** Names of the files of a corpus. */
export const CORPUS_FILES = {
  /** JSONL of `{ _id, text }`, in random order: `data.source` of a configuration. */
  passages: 'passages.jsonl',
  /** Short texts `word: meaning`, one a line, in random order: a list of `training.lists`. */
  definitions: 'definitions.txt',
  /** Words and terms, one a line, the most frequent first: a list of `training.lists`. */
  words: 'words.txt',
  /** Questions about terms, one a line: a list of `training.lists`. */
  questions: 'questions.txt',
  manifest: 'manifest.json',
} as const;
