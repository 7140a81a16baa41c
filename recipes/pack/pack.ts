import { inStages, isRemote, silentListener } from '../../base/index.ts';
import { type PackManifest, packCorpus } from '../../data/index.ts';
import type { DictionaryBorders } from '../../zpkg/index.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { type DocumentSource, documentsOf } from '../shared/document-source.ts';
import { given } from '../shared/given.ts';
import { openTermsChoice, type TermsChoice } from '../shared/terms-choice.ts';
import { packToStore } from './pack-to-store.ts';

/** How documents are packed; what is left out has its default. */
export interface PackChoices {
  /** zstd level, -7 to 22; 19 by default. */
  readonly level?: number | undefined;
  /** Largest compressed size of a chunk in bytes, 4096 by default; a larger document is split. */
  readonly targetChunkSize?: number | undefined;
  /** Bytes of the shared dictionary, 0 for none; 65536 by default, at most a 24th of the text. */
  readonly dictionarySize?: number | undefined;
  /** `word`: no word is cut in the dictionary (for text with spaces); `any` by default. */
  readonly dictionaryBorders?: DictionaryBorders | undefined;
  /** Bytes of text that a passage is to have, 64 at least; what has up to one and a half times as many stays whole. 0, the default: chunks are not cut into passages. */
  readonly passageSize?: number | undefined;
  /** Bytes that a passage shares with the one before it in its chunk, at most; below half the passage size, 0 by default. */
  readonly passageOverlap?: number | undefined;
  /** Terms of each passage that are kept for search by words; `none` by default, and of a corpus that is there what it was made with. */
  readonly terms?: TermsChoice | undefined;
  /** Leave literals uncompressed (larger; for the bytes input). */
  readonly plainLiterals?: boolean | undefined;
  /** Threads that compress; by default as many as the machine has cores, fewer for little text. */
  readonly workers?: number | undefined;
}

export interface PackSourceOptions extends PackChoices, LongCall {
  readonly source: DocumentSource;
  /** The container; its mapping is written beside it as `<output>.map`. An address (`s3://BUCKET/KEY`) is written whole or not at all. */
  readonly output: string;
  /** Write titles, sources, languages and what else is known of the documents beside the container (`<output>.meta`), which is the default. Passages are written there whatever this says. */
  readonly metadata?: boolean | undefined;
  /** Replace a container that is there already. */
  readonly force?: boolean | undefined;
}

/** Names of the stages of packing (`onProgress` of data/). */
const STAGES = { read: 'reading', train: 'training the dictionary', pack: 'packing' } as const;
type PackStage = keyof typeof STAGES;

/** Packs documents into a container, its mapping and its metadata. Throws as `packCorpus` of data/ and `openAnalyzer` of search/lexical/ do. */
export async function pack({
  source,
  output,
  signal,
  listener = silentListener,
  terms: choice = 'none',
  ...choices
}: PackSourceOptions): Promise<PackManifest> {
  const opened = await openTermsChoice(choice);
  const terms = opened === 'none' ? undefined : opened;
  const packLocally = (path: string): Promise<PackManifest> =>
    inPackStages({ signal, listener }, (onProgress) =>
      packCorpus(documentsOf(source, listener, signal), path, { ...given({ ...choices, terms }), onProgress }),
    );
  return isRemote(output) ? packToStore(output, packLocally, { force: choices.force, signal, listener }) : packLocally(output);
}

/** Runs work that reports the stages of packing. */
export function inPackStages<Result>(
  call: LongCall,
  work: (onProgress: (stage: PackStage, done: number, total: number) => void) => Promise<Result>,
): Promise<Result> {
  return inStages(listenerOf(call), (progress) => work((stage, done, total) => progress(STAGES[stage], done, total)));
}
