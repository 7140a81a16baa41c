import { CemError } from '../../base/index.ts';
import { changeCorpus } from './corpus-change.ts';
import type { SegmentEntry } from './manifest.ts';
import { type NumberRun, NumberRuns } from './number-runs.ts';
import type { SegmentedCorpus } from './segmented-corpus.ts';

/** Unknown ids that an error names. */
const NAMED_IDS = 5;

export interface RemoveOptions {
  /** Pass over ids that the corpus does not have, which are refused otherwise. */
  readonly ignoreMissing?: boolean;
}

/** What `removeFromCorpus` did. */
export interface RemoveReport {
  readonly path: string;
  readonly generation: number;
  /** Documents that went. */
  readonly removed: number;
  readonly removedChunks: number;
  /** Ids that the corpus did not have. */
  readonly missing: number;
  /** Documents that stay. */
  readonly documents: number;
}

/**
 * Removes documents. Their chunks stay in their segments, where nobody finds them any more, until the corpus is compacted.
 *
 * @throws CemError `CORPUS_UNKNOWN_ID` when the corpus lacks one of the ids (then none is removed), and as `changeCorpus`
 */
export async function removeFromCorpus(
  folder: string,
  ids: Iterable<string>,
  options: RemoveOptions = {},
): Promise<RemoveReport> {
  const { result, generation } = await changeCorpus(folder, { create: false }, async ({ corpus }) => {
    const wanted = new Set(ids);
    const known = [...wanted].filter((id) => corpus!.has(id));
    const missing = wanted.size - known.length;
    if (missing > 0 && options.ignoreMissing !== true) throw unknownIds(corpus!, wanted);
    const { segments, removedChunks } = withoutDocuments(corpus!, known);
    const { nextChunk, settings } = corpus!.manifest;
    return {
      next: known.length === 0 ? undefined : { nextChunk, settings, segments, changesContent: true },
      result: { removed: known.length, removedChunks, missing, documents: corpus!.documentCount - known.length },
    };
  });
  return { path: folder, generation, ...result };
}

/**
 * The segments of a corpus when these documents are no longer alive in them; a segment without any that is left out. Ids that the corpus does not have are
 * passed over.
 *
 * @param ids each once
 */
export function withoutDocuments(
  corpus: SegmentedCorpus,
  ids: Iterable<string>,
): { segments: SegmentEntry[]; removedDocuments: number; removedChunks: number } {
  const removed = corpus.segments.map(({ entry }): { documents: number; runs: NumberRun[] } => ({
    documents: entry.removedDocuments,
    runs: [...entry.removed.runs()],
  }));
  let [removedDocuments, removedChunks] = [0, 0];
  for (const id of ids) {
    for (const [number, segment] of corpus.segments.entries()) {
      const range = segment.rangeOf(id);
      if (range === undefined) continue;
      removed[number]!.runs.push(range);
      removed[number]!.documents += 1;
      removedDocuments += 1;
      removedChunks += range.count;
      break;
    }
  }
  const segments = corpus.segments.map(({ entry }, number) => ({
    ...entry,
    removedDocuments: removed[number]!.documents,
    removed: NumberRuns.of(removed[number]!.runs),
  }));
  return { segments: segments.filter((entry) => entry.removed.count < entry.chunks), removedDocuments, removedChunks };
}

function unknownIds(corpus: SegmentedCorpus, wanted: ReadonlySet<string>): CemError {
  const missing = [...wanted].filter((id) => !corpus.has(id));
  const named = missing
    .slice(0, NAMED_IDS)
    .map((id) => JSON.stringify(id))
    .join(', ');
  const more = missing.length > NAMED_IDS ? ` and ${missing.length - NAMED_IDS} more` : '';
  return new CemError(
    'CORPUS_UNKNOWN_ID',
    `${corpus.path} has no document ${named}${more}; nothing was removed: correct the ids, or --ignore-missing`,
    { details: { path: corpus.path, missing: missing.length, ids: missing.slice(0, NAMED_IDS) } },
  );
}
