import { CemError } from '../../base/index.ts';
import type { EntropyPatcher } from '../../model/patching/index.ts';
import type { ChunkText } from '../mapping/chunk-texts.ts';
import type { DocumentReader } from '../mapping/document-reader.ts';
import {
  type ChunkPatches,
  PatchBoundaries,
  type PatchBoundariesOwner,
  patchesPathOf,
  writePatchBoundaries,
} from './patch-boundaries.ts';

/** Chunks whose entropies are computed together. */
const CHUNKS_AT_ONCE = 64;
/** Why a file of boundaries is made anew: there is none, it belongs to something else, or it is damaged. */
const REPLACEABLE = ['FILE_OPEN', 'PATCHES_STALE', 'PATCHES_MALFORMED', 'ZPKG_TRUNCATED'];

/** A chunk's own text. */
type PatchedText = Pick<ChunkText, 'chunk' | 'text'>;
type Progress = (done: number, total: number) => void;

export interface PreparedPatches {
  /** The file of boundaries. */
  readonly path: string;
  /** Whether the language model ran; false: the file was there. */
  readonly computed: boolean;
}

/**
 * Makes the patches of a container's chunks known to a patcher: from `<zpkg>.patches` where that was written for this container and this patcher, else by its
 * language model, after which the file is there.
 *
 * @param texts gives the texts of all chunks, in their order (`chunkTexts` of the whole corpus): for training and experiments, nothing is decompressed
 * @throws what reading `texts` and writing the file throw; CemError `PATCHES_INCOMPLETE` when texts are missing or in another order
 */
export async function preparePatches(
  reader: DocumentReader,
  texts: () => AsyncIterable<PatchedText>,
  patcher: EntropyPatcher,
  onProgress?: Progress,
): Promise<PreparedPatches> {
  const path = patchesPathOf(reader.container.path);
  const { chunkCount, fingerprint } = reader.container;
  const owner = { chunkCount, fingerprint, key: patcher.key };
  if (await rememberKept(path, owner, texts(), patcher, onProgress)) return { path, computed: false };
  await writePatchBoundaries(path, owner, compute(texts(), patcher, chunkCount, onProgress));
  return { path, computed: true };
}

/** False when there is no file for this owner, or a damaged one. */
async function rememberKept(
  path: string,
  owner: PatchBoundariesOwner,
  texts: AsyncIterable<PatchedText>,
  patcher: EntropyPatcher,
  onProgress: Progress | undefined,
): Promise<boolean> {
  let kept: PatchBoundaries | undefined;
  try {
    kept = await PatchBoundaries.open(path, owner);
    for await (const { chunk, text } of texts) {
      const { starts } = await kept.of(chunk);
      patcher.remember(Buffer.from(text, 'utf8'), starts);
      onProgress?.(chunk + 1, owner.chunkCount);
    }
    return true;
  } catch (error) {
    if (error instanceof CemError && REPLACEABLE.includes(error.code) && error.details['path'] === path) return false;
    throw error;
  } finally {
    await kept?.close();
  }
}

async function* compute(
  texts: AsyncIterable<PatchedText>,
  patcher: EntropyPatcher,
  chunkCount: number,
  onProgress: Progress | undefined,
): AsyncGenerator<ChunkPatches> {
  let next = 0;
  let waiting: Uint8Array[] = [];
  const flush = async (): Promise<ChunkPatches[]> => {
    const bytes = waiting;
    waiting = [];
    const boundaries = await patcher.prepare(bytes);
    onProgress?.(next, chunkCount);
    return boundaries.map((starts, i) => ({ starts, bytes: Math.min(bytes[i]!.length, patcher.longest) }));
  };
  for await (const { chunk, text } of texts) {
    if (chunk !== next) {
      throw new CemError(
        'PATCHES_INCOMPLETE',
        `the text of chunk ${next} was expected and that of chunk ${chunk} came: give the texts of the whole corpus, in its order`,
        { details: { expected: next, chunk } },
      );
    }
    next++;
    waiting.push(Buffer.from(text, 'utf8'));
    if (waiting.length === CHUNKS_AT_ONCE) yield* await flush();
  }
  if (waiting.length > 0) yield* await flush();
}
