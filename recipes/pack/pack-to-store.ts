import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CemError, inStage, isCemError, openRandomAccess, removeObject, uploadFile } from '../../base/index.ts';
import {
  DocumentReader,
  mappingPathOf,
  metadataPathOf,
  nextMappingPathOf,
  nextMetadataPathOf,
  type PackManifest,
} from '../../data/index.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';

/**
 * Packs into files of this machine's temporary folder and puts them into an object store. Side files go first, under the names of those that wait for their container; then the container; then the side
 * files under their own names. So a reader finds what belongs together at every moment, and what is broken off leaves what stood there before.
 *
 * @param address `s3://BUCKET/KEY` of the container
 * @param packLocally writes the container to this path, and its side files beside it
 * @throws CemError `PACK_OUTPUT_EXISTS`, `PACK_TWO_AT_ONCE`, and as `packLocally` and `uploadFile`
 */
export async function packToStore(
  address: string,
  packLocally: (path: string) => Promise<PackManifest>,
  { force = false, ...call }: { readonly force?: boolean | undefined } & LongCall,
): Promise<PackManifest> {
  if (!force && (await isThere(address))) throw outputExists(address);
  const folder = await mkdtemp(join(tmpdir(), 'cem-pack-'));
  try {
    const local = join(folder, 'corpus.zpkg');
    const manifest = await packLocally(local);
    const hasMetadata = manifest.metadataBytes > 0;
    const sides = [
      { from: mappingPathOf(local), to: mappingPathOf(address), next: nextMappingPathOf(address) },
      ...(hasMetadata ? [{ from: metadataPathOf(local), to: metadataPathOf(address), next: nextMetadataPathOf(address) }] : []),
    ];
    const { signal } = call;
    await inStage(listenerOf(call), `uploading to ${address}`, async (stage) => {
      let done = 0;
      const steps = [
        ...sides.map(
          ({ from, next }) =>
            () =>
              uploadFile(from, next, { signal }),
        ),
        () => uploadFile(local, address, { onlyNew: !force, signal }).catch(refused(address)),
        ...sides.map(
          ({ from, to }) =>
            () =>
              uploadFile(from, to, { signal }),
        ),
        ...(hasMetadata ? [] : [() => removeObject(metadataPathOf(address))]),
        ...sides.map(
          ({ next }) =>
            () =>
              removeObject(next),
        ),
      ];
      for (const step of steps) {
        await step();
        stage.progress(++done, steps.length);
      }
      await checkWhole(address);
    });
    return { ...manifest, output: address };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Two packs that replace one container at once may leave the files of both: who ends last sees it. */
async function checkWhole(address: string): Promise<void> {
  try {
    await (await DocumentReader.open(address)).close();
  } catch (cause) {
    if (!isCemError(cause) || !['MAPPING_MISMATCH', 'METADATA_MISMATCH', 'REMOTE_CHANGED'].includes(cause.code)) throw cause;
    throw new CemError('PACK_TWO_AT_ONCE', `${address} was written by another process at the same time: pack once more, alone`, {
      details: { path: address },
      cause,
    });
  }
}

async function isThere(address: string): Promise<boolean> {
  try {
    await (await openRandomAccess(address)).close();
    return true;
  } catch (error) {
    if (isCemError(error) && error.details['missing'] === true) return false;
    throw error;
  }
}

/** Two packs under one name: the other one was faster. */
function refused(address: string): (error: unknown) => never {
  return (error) => {
    throw isCemError(error) && error.code === 'REMOTE_EXISTS' ? outputExists(address) : error;
  };
}

function outputExists(address: string): CemError {
  return new CemError('PACK_OUTPUT_EXISTS', `${address} is there already: take another name, or --force to replace it`, {
    details: { path: address },
  });
}
