import { CemError, inStage, type OnProgress } from '../../base/index.ts';
import * as data from '../../data/index.ts';
import { CollectionFolder } from '../../rag/index.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';

export interface VerifyCorpusOptions extends LongCall {
  /** A container, its mapping beside it, a corpus folder, or a collection. */
  readonly corpus: string;
}

export interface VerifiedCorpus {
  readonly path: string;
  readonly documents: number;
  /** Chunks; in a corpus folder removed ones, too. */
  readonly chunks: number;
  /** Passages of these chunks; a chunk that is its own one passage counts as one. */
  readonly passages: number;
  /** How many of these passages have their terms kept: all or none. */
  readonly terms: number;
  /** Bytes of text in these chunks. */
  readonly contentBytes: number;
  /** Pictures of figures, of a collection. */
  readonly figures?: number;
}

interface Verification extends Omit<data.CorpusVerification, 'failures'> {
  readonly failures: readonly { readonly message: string }[];
}

/**
 * Checks a container and its mapping, a corpus folder, or that of a collection with its pictures: every checksum, every chunk decompressed, every id, the metadata.
 *
 * @throws CemError `VERIFY_FAILED`, its details the damaged chunks or pictures; and what opening throws
 */
export async function verifyCorpus({ corpus: path, ...call }: VerifyCorpusOptions): Promise<VerifiedCorpus> {
  if ((await CollectionFolder.manifestOf(path).catch(() => undefined)) !== undefined) return verifyCollection(path, call);
  return inStage(listenerOf(call), `verifying ${path}`, async (stage) => {
    const verify = (await data.isCorpusFolder(path)) ? verifyFolder : verifyContainer;
    const { documents, chunks, passages, terms, contentBytes, failed, failures } = await verify(path, (done, total) =>
      stage.progress(done, total),
    );
    if (failed > 0) {
      throw new CemError(
        'VERIFY_FAILED',
        `${path}: ${failed} of ${chunks} chunks are damaged; the first: ${failures[0]?.message ?? ''}`,
        { details: { path, failed, failures } },
      );
    }
    return { path, documents, chunks, passages, terms, contentBytes };
  });
}

/** The corpus in the state that the database names, and the pictures that its list of files names. */
async function verifyCollection(path: string, call: LongCall): Promise<VerifiedCorpus> {
  await using folder = await CollectionFolder.openForSearch(path);
  const verified = await verifyCorpus({ ...call, corpus: folder.corpusPath });
  const { files } = await folder.sources();
  const ids = new Set(files.flatMap(({ figures = [] }) => figures));
  const failures = await folder.figures.verify(ids);
  if (failures.length > 0) {
    const [first] = failures;
    throw new CemError(
      'VERIFY_FAILED',
      `${path}: ${failures.length} of ${ids.size} pictures are damaged; the first: ${first!.id}: ${first!.reason}`,
      { details: { path, failed: failures.length, failures } },
    );
  }
  return { ...verified, path, figures: ids.size };
}

async function verifyContainer(path: string, onProgress: OnProgress): Promise<Verification> {
  await using reader = await data.DocumentReader.open(path);
  const found = await reader.container.verify(onProgress);
  const said = found.failed === 0 ? await data.verifyMetadata(reader) : { passages: 0, terms: 0 };
  return { documents: reader.documentCount, ...said, ...found };
}

async function verifyFolder(path: string, onProgress: OnProgress): Promise<Verification> {
  await using corpus = await data.SegmentedCorpus.open(path);
  return await data.verifyCorpus(corpus, onProgress);
}
