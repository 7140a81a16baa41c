import type { OnProgress } from '../../base/index.ts';
import { contentSize, ZpkgWriter } from '../../zpkg/index.ts';
import { DocumentReader } from '../mapping/document-reader.ts';
import { IdTable } from '../mapping/id-table.ts';
import { MetadataBuilder } from '../metadata/metadata-builder.ts';
import { PassagesBuilder } from '../metadata/passages-builder.ts';
import { TermsBuilder } from '../metadata/terms-builder.ts';
import { packCorpus } from '../packing/pack.ts';
import { settleSideFiles, writeNextSideFiles } from '../packing/side-files.ts';
import { newSegment } from './addition.ts';
import { type OpenTerms, openCorpusAnalyzer } from './corpus-analyzer.ts';
import { type CorpusBefore, changeCorpus, type NextCorpus } from './corpus-change.ts';
import { addLiving } from './corpus-verification.ts';
import type { SegmentEntry } from './manifest.ts';
import { type NumberRun, NumberRuns } from './number-runs.ts';
import type { Segment } from './segment.ts';
import type { SegmentedCorpus } from './segmented-corpus.ts';

export interface CompactOptions {
  /**
   * Pack every document again, with a dictionary trained on all of them. All chunks get new numbers then, and an index made from the corpus encodes all
   * of them again. Without it chunks are copied as they are.
   */
  readonly recompress?: boolean;
  /** Merge only so many of the last segments, and leave those before them; without it all. Not together with `recompress`. */
  readonly last?: number;
  /** Opens the analyzer of a corpus that keeps terms, which recompression cuts anew. */
  readonly openTerms?: OpenTerms;
  /** Chunks that were copied, or documents that were packed. */
  readonly onProgress?: OnProgress;
}

/** What `compactCorpus` did; all sizes are bytes of segments with their mappings and metadata. */
export interface CompactReport {
  readonly path: string;
  readonly generation: number;
  readonly documents: number;
  readonly chunks: number;
  readonly segmentsBefore: number;
  readonly segments: number;
  readonly bytesBefore: number;
  readonly bytes: number;
}

/**
 * Merges the documents of all segments (or the last ones) that are alive into one, which frees what removed and replaced ones take. Chunks keep their numbers and their bytes
 * (unless `recompress`), so that an index made from the corpus stays right. Nothing happens when there is one segment and nothing was removed from it.
 *
 * @throws FormatError when a chunk is damaged, or `CORPUS_DOCUMENTS`: the corpus stays as it was; and as `changeCorpus`
 */
export async function compactCorpus(folder: string, options: CompactOptions = {}): Promise<CompactReport> {
  const { result, generation } = await changeCorpus(folder, { create: false }, async (before) => {
    const corpus = before.corpus!;
    const { recompress = false, last = corpus.segments.length } = options;
    const first = recompress ? 0 : Math.max(0, corpus.segments.length - last);
    const merged = corpus.segments.slice(first);
    const whole = merged.length < 2 && merged.every(({ entry }) => entry.removed.count === 0);
    const nothingToDo = merged.length === 0 || (whole && !recompress);
    const next = nothingToDo
      ? undefined
      : recompress
        ? await recompressed(corpus, before, options)
        : await copied(corpus, first, before, options);
    const segments = next?.segments ?? corpus.manifest.segments;
    return {
      next,
      result: {
        documents: corpus.documentCount,
        chunks: segments.reduce((sum, { chunks }) => sum + chunks, 0),
        segmentsBefore: corpus.segments.length,
        segments: segments.length,
        bytesBefore: bytesOf(corpus.manifest.segments),
        bytes: bytesOf(segments),
      },
    };
  });
  return { path: folder, generation, ...result };
}

/** @param from the first segment that is merged; those before it stay */
async function copied(corpus: SegmentedCorpus, from: number, before: CorpusBefore, options: CompactOptions): Promise<NextCorpus> {
  const merged = corpus.segments.slice(from);
  const { nextChunk, settings } = corpus.manifest;
  const ids = new IdTable();
  const chunkCounts: number[] = [];
  const metadata = new MetadataBuilder(corpus.dictionary);
  const passages = new PassagesBuilder(corpus.dictionary);
  const terms = settings.terms && new TermsBuilder(settings.terms, corpus.dictionary);
  const writer = await ZpkgWriter.create(before.segmentPath, {
    dictionary: corpus.dictionary,
    plainLiterals: settings.plainLiterals,
  });
  try {
    const total = merged.reduce((sum, segment) => sum + segment.chunkCount, 0);
    let done = 0;
    for (const segment of merged) {
      const contentBytes = new Uint32Array(segment.reader.chunkCount);
      for await (const { chunk, frame } of segment.reader.container.frames()) {
        if (segment.entry.removed.has(chunk)) continue;
        contentBytes[chunk] = contentSize(frame);
        await writer.append(frame);
        passages.add(await segment.reader.passagesOf(chunk));
        terms?.add((await segment.reader.termsOf(chunk))!);
        options.onProgress?.(++done, total);
      }
      for (const id of segment.ids()) {
        addLiving(ids, id, segment);
        const { first, count } = segment.reader.chunkRange(id);
        chunkCounts.push(count);
        metadata.add(id, await segment.reader.record(id), count > 1 ? [...contentBytes.subarray(first, first + count)] : []);
      }
    }
    const sections = [...metadata.finish(), ...passages.finish(), ...(terms?.finish() ?? [])];
    let sideFiles = { mappingBytes: 0, metadataBytes: 0 };
    const summary = await writer.finish(async ({ chunks, fingerprint }) => {
      const contents = { ids, chunkCounts: Uint32Array.from(chunkCounts), chunkCount: chunks, fingerprint, sections };
      sideFiles = await writeNextSideFiles(before.segmentPath, contents);
    });
    await settleSideFiles(before.segmentPath, sections.length > 0);
    const { mappingBytes, metadataBytes } = sideFiles;
    const entry: SegmentEntry = {
      file: before.segmentFile,
      bytes: summary.bytes,
      mappingBytes,
      ...(metadataBytes > 0 && { metadataBytes }),
      fingerprint: summary.fingerprint,
      documents: ids.length,
      chunks: summary.chunks,
      numbers: NumberRuns.of(liveNumbers(merged)),
      removedDocuments: 0,
      removed: NumberRuns.of([]),
    };
    const segments = [...corpus.segments.slice(0, from).map((segment) => segment.entry), entry];
    return { nextChunk, settings, segments, changesContent: false };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function recompressed(corpus: SegmentedCorpus, before: CorpusBefore, options: CompactOptions): Promise<NextCorpus> {
  const { nextChunk, settings } = corpus.manifest;
  const { terms, ...others } = settings;
  const packed = await packCorpus(() => corpus.documents(), before.segmentPath, {
    ...others,
    ...(terms && { terms: await openCorpusAnalyzer(corpus.path, terms, options.openTerms) }),
    onProgress: (stage, done, total) => {
      if (stage === 'pack') options.onProgress?.(done, total);
    },
  });
  const reader = await DocumentReader.open(before.segmentPath);
  try {
    const entry = newSegment(reader, packed, before.segmentFile, nextChunk);
    return { nextChunk: nextChunk + packed.chunks, settings, segments: [entry], changesContent: true };
  } finally {
    await reader.close();
  }
}

/** Numbers of all chunks that are alive, ascending, in as few runs as there are. */
function* liveNumbers(segments: readonly Segment[]): Generator<NumberRun> {
  let first = 0;
  let count = 0;
  for (const { entry } of segments) {
    for (let place = 0; place < entry.chunks; place++) {
      if (entry.removed.has(place)) continue;
      const number = entry.numbers.at(place);
      if (number !== first + count) {
        yield { first, count };
        first = number;
        count = 0;
      }
      count += 1;
    }
  }
  yield { first, count };
}

function bytesOf(segments: readonly SegmentEntry[]): number {
  return segments.reduce((sum, { bytes, mappingBytes, metadataBytes = 0 }) => sum + bytes + mappingBytes + metadataBytes, 0);
}
