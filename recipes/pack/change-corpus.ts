import { inStage, silentListener } from '../../base/index.ts';
import * as data from '../../data/index.ts';
import { openStoredAnalyzer } from '../../search/lexical/index.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { type DocumentSource, documentsOf } from '../shared/document-source.ts';
import { given } from '../shared/given.ts';
import { openTermsChoice } from '../shared/terms-choice.ts';
import { inPackStages, type PackChoices } from './pack.ts';

/** How the segments of a new corpus are packed; with a corpus that is there only what it was made with. */
export interface AddToCorpusOptions extends PackChoices, LongCall {
  /** The corpus folder, made when there is none. */
  readonly corpus: string;
  readonly source: DocumentSource;
  /** The size of passages in a corpus that is made new, where `passageSize` says none; 0 by default. */
  readonly newPassageSize?: number | undefined;
}

/** Adds documents to a corpus folder, or replaces those that changed. Throws as `addToCorpus` of data/ does. */
export async function addToCorpus({
  corpus,
  source,
  signal,
  listener = silentListener,
  terms: choice,
  ...choices
}: AddToCorpusOptions): Promise<data.AddReport> {
  const terms = choice && (await openTermsChoice(choice));
  return inPackStages({ signal, listener }, (onProgress) =>
    data.addToCorpus(corpus, documentsOf(source, listener, signal), {
      ...given({ ...choices, terms }),
      openTerms: openStoredAnalyzer,
      onProgress,
    }),
  );
}

export interface RemoveFromCorpusOptions {
  readonly corpus: string;
  readonly ids: Iterable<string>;
  /** Pass over ids that the corpus does not have, which are refused otherwise. */
  readonly ignoreMissing?: boolean | undefined;
}

/** Removes documents from a corpus folder; `compactCorpus` frees what they take. Throws as `removeFromCorpus` of data/ does. */
export async function removeFromCorpus({ corpus, ids, ...options }: RemoveFromCorpusOptions): Promise<data.RemoveReport> {
  return data.removeFromCorpus(corpus, ids, given(options));
}

export interface CompactCorpusOptions extends LongCall {
  readonly corpus: string;
  /** Pack all documents again with a new dictionary; indexes of the corpus then encode all of them again. */
  readonly recompress?: boolean | undefined;
}

/** Merges the segments of a corpus folder into one, without what was removed. Throws as `compactCorpus` of data/ does. */
export async function compactCorpus({ corpus, signal, listener, ...options }: CompactCorpusOptions): Promise<data.CompactReport> {
  return inStage(listenerOf({ signal, listener }), `compacting ${corpus}`, (stage) =>
    data.compactCorpus(corpus, {
      ...given(options),
      openTerms: openStoredAnalyzer,
      onProgress: (done, total) => stage.progress(done, total),
    }),
  );
}
