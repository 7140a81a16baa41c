import { stat } from 'node:fs/promises';
import { DocumentReader, type DocumentReaderOptions } from '../mapping/document-reader.ts';
import { SegmentedCorpus } from './segmented-corpus.ts';

/** A corpus on disk, of whichever kind: one container with its mapping, or a folder of segments. */
export type PackedCorpus = DocumentReader | SegmentedCorpus;

/** A folder of segments rather than one container. */
export async function isCorpusFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/** @throws as `SegmentedCorpus.open` for a folder, as `DocumentReader.open` for anything else */
export async function openCorpus(path: string, options: Pick<DocumentReaderOptions, 'decompressor'> = {}): Promise<PackedCorpus> {
  return (await isCorpusFolder(path)) ? SegmentedCorpus.open(path, options) : DocumentReader.open(path, options);
}
