import { messageOf } from '../bytes.ts';
import { UsageError } from '../errors.ts';
import { type ObjectState, type Piece, RangeFailure, type RangeSource } from './ranges.ts';
import { type S3Answer, s3Client } from './s3-module.ts';

export interface S3Address {
  readonly Bucket: string;
  readonly Key: string;
}

/** @throws UsageError `REMOTE_ADDRESS` */
export function s3AddressOf(address: string): S3Address {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/is.exec(address) ?? [];
  if (bucket !== undefined && key !== undefined) return { Bucket: bucket, Key: key };
  throw new UsageError('REMOTE_ADDRESS', `${JSON.stringify(address)} names no object of S3: give s3://BUCKET/KEY`);
}

/** Ranges of an object in S3 or a store that speaks its protocol. */
export class S3Ranges implements RangeSource {
  readonly address: string;
  readonly #object: S3Address;

  /** @throws UsageError `REMOTE_ADDRESS` */
  constructor(address: string) {
    this.address = address;
    this.#object = s3AddressOf(address);
  }

  async get(start: number, end: number, state: ObjectState | undefined, signal: AbortSignal): Promise<Piece> {
    const { module, client } = await s3Client();
    const command = new module.GetObjectCommand({
      ...this.#object,
      Range: `bytes=${start}-${end - 1}`,
      ...(state?.tag !== undefined && { IfMatch: state.tag }),
    });
    const answer = await client.send(command, { abortSignal: signal }).catch((cause: unknown) => {
      signal.throwIfAborted();
      if (Object(cause).name === 'InvalidRange') return undefined;
      throw failureOf(cause);
    });
    // Only an empty object has no first byte.
    if (answer === undefined) return { bytes: new Uint8Array(0), size: 0, tag: state?.tag };
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.ContentRange ?? '');
    if (range === null || Number(range[1]) !== start)
      throw new RangeFailure(
        'no-ranges',
        `it gave ${answer.ContentRange ?? 'the whole object'} for bytes ${start} to ${end - 1}`,
      );
    const bytes = await bodyOf(answer, Number(range[2]) + 1 - start);
    return { bytes, size: Number(range[3]), tag: answer.ETag ?? answer.LastModified?.toISOString() };
  }
}

/** Less than `length` bytes where the connection breaks, if something came at all. */
async function bodyOf({ Body }: S3Answer, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  try {
    for await (const part of Body ?? []) {
      bytes.set(part.subarray(0, length - filled), filled);
      filled = Math.min(filled + part.length, length);
    }
  } catch (cause) {
    if (filled === 0) throw new RangeFailure('passing', messageOf(cause), { cause });
  }
  return bytes.subarray(0, filled);
}

/** Errors of the SDK: those of the service have a status, those of the way there none; those of settings (no credentials, no region) would come again. */
function failureOf(error: unknown): RangeFailure {
  const { name, $metadata, $response } = Object(error) as {
    name?: string;
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  const message = [name, messageOf(error)].filter((part, place, all) => part && all.indexOf(part) === place).join(': ');
  const options = { ...(status !== undefined && { status }), cause: error };
  if (status === 404 && name !== 'NoSuchBucket') return new RangeFailure('missing', message, options);
  if (status === 412) return new RangeFailure('changed', message, options);
  if (status !== undefined) {
    const passing = status === 408 || status === 429 || status >= 500;
    return new RangeFailure(passing ? 'passing' : 'final', message, options);
  }
  const ofSettings = /Credentials|Region|Provider|Config/i.test(`${name} ${messageOf(error)}`);
  return new RangeFailure(ofSettings ? 'final' : 'passing', message, options);
}
