import { createReadStream } from 'node:fs';
import { messageOf } from '../bytes.ts';
import { CemError, UsageError } from '../errors.ts';
import { isRemote, shownAddress } from './remote-path.ts';
import { s3Client, s3UploadModule } from './s3-module.ts';
import { type S3Address, s3AddressOf } from './s3-ranges.ts';

/** Bytes of a part of an upload in parts; S3 takes 10,000 parts. */
const PART_BYTES = 64 << 20;

export interface UploadOptions {
  /** Refuse to replace an object that is there. */
  readonly onlyNew?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts a file under an address, whole or not at all: what stood there before is there until the last byte has come.
 *
 * @param address `s3://BUCKET/KEY`
 * @throws CemError `REMOTE_WRITE`, `REMOTE_EXISTS`, `REMOTE_PACKAGE`; UsageError `REMOTE_ADDRESS`; the signal's reason
 */
export async function uploadFile(path: string, address: string, { onlyNew = false, signal }: UploadOptions = {}): Promise<void> {
  const object = writableAddress(address);
  const [{ client }, { Upload }] = [await s3Client(), await s3UploadModule()];
  signal?.throwIfAborted();
  const upload = new Upload({
    client,
    partSize: PART_BYTES,
    params: { ...object, Body: createReadStream(path), ...(onlyNew && { IfNoneMatch: '*' }) },
  });
  const stop = (): void => void upload.abort().catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await upload.done();
  } catch (cause) {
    signal?.throwIfAborted();
    if (onlyNew && Object(cause).name === 'PreconditionFailed')
      throw new CemError('REMOTE_EXISTS', `${address} is there already: take another name, or say that it is to be replaced`, {
        details: { path: address },
        cause,
      });
    throw writeError('writing', address, cause);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * Removes an object, if it is there.
 *
 * @throws CemError `REMOTE_WRITE`, `REMOTE_PACKAGE`; UsageError `REMOTE_ADDRESS`
 */
export async function removeObject(address: string): Promise<void> {
  const object = writableAddress(address);
  const { module, client } = await s3Client();
  await client.send(new module.DeleteObjectCommand({ ...object })).catch((cause: unknown) => {
    throw writeError('removing', address, cause);
  });
}

function writableAddress(address: string): S3Address {
  if (!isRemote(address) || /^s3:/i.test(address)) return s3AddressOf(address);
  throw new UsageError(
    'REMOTE_ADDRESS',
    `${shownAddress(address)} is read only: HTTP has no way to write that all servers share; give s3://BUCKET/KEY, or write a file and copy it there`,
  );
}

function writeError(doing: string, address: string, cause: unknown): CemError {
  return new CemError('REMOTE_WRITE', `${doing} ${address} failed: ${messageOf(cause)}; what stood there is unchanged`, {
    details: { path: address },
    cause,
  });
}
