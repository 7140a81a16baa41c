import type { PackageReference } from './packages/package-reference.ts';
import type { SourceText } from './readers/source-text.ts';

/** Where a part of a corpus comes from, and how it is read. */
export interface CorpusSource {
  readonly name: string;
  readonly from: PackageReference;
  /** Licence of the texts, with whom it names; not of the package around them. */
  readonly licence: string;
  /** Of the passages and of the definitions that are wanted in all, this source's parts (any numbers, relative to those of the other sources); 0: none. */
  readonly passages: number;
  readonly definitions: number;
  /** Texts of the unpacked package, in a fixed order. */
  readonly read: (folder: string) => AsyncIterable<SourceText> | Iterable<SourceText>;
}

/** How texts of a language are cut and compared. */
export interface CorpusLanguage {
  readonly tag: 'en' | 'zh';
  /** Characters of a passage, about. */
  readonly passageLength: number;
  /** Characters of the shortest passage. */
  readonly shortestPassage: number;
}

/** A corpus that can be fetched. */
export interface BroadCorpus {
  readonly name: string;
  readonly language: CorpusLanguage;
  readonly sources: readonly CorpusSource[];
  /** Data sets of which nothing may be in the corpus, where `FetchCorpusOptions.local` has them. */
  readonly keptOut: readonly KeptOutSet[];
}

/** A set that measures encoders. */
export interface KeptOutSet {
  readonly name: string;
  /** A BEIR folder: documents that one of these splits judges, and their queries; absent: all documents and queries. A file in SQuAD's form: all paragraphs and questions. */
  readonly splits?: readonly string[];
  /** Only the queries: the documents may be learned from. */
  readonly queriesOnly?: boolean;
  /** A file below the set's folder in SQuAD's form; absent: a BEIR folder. */
  readonly squad?: string;
}
