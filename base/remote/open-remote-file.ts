import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import { cacheFolder } from '../files/cache-folder.ts';
import { checkedUrl } from '../http/post-json.ts';
import { HttpRanges } from './http-ranges.ts';
import { RangeCacheStore } from './range-cache.ts';
import { RemoteFile } from './remote-file.ts';
import { S3Ranges } from './s3-ranges.ts';

/** Megabytes that ranges of remote objects take on disk, at most, where `CEM_REMOTE_CACHE` says nothing. */
const CACHE_MEGABYTES = 1024;

/**
 * @param address `https://…`, `http://…` or `s3://BUCKET/KEY`
 * @throws CemError `FILE_OPEN`, `REMOTE_RANGES`, `REMOTE_PACKAGE`; UsageError `REMOTE_ADDRESS`, `REMOTE_CACHE`
 */
export async function openRemoteFile(address: string): Promise<RemoteFile> {
  const source = /^s3:/i.test(address) ? new S3Ranges(address) : new HttpRanges(checkedUrl(address, 'REMOTE_ADDRESS').href);
  const store = cacheStore();
  return RemoteFile.open(source, {
    ...(store && {
      openCache: ({ tag, size }) =>
        // Without a tag another state of the object would not be told from this one.
        tag === undefined ? undefined : store.open(keyOf(source.address, tag, size)),
    }),
  });
}

function keyOf(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** @throws UsageError `REMOTE_CACHE` */
function cacheStore(): RangeCacheStore | undefined {
  const said = process.env['CEM_REMOTE_CACHE'] ?? String(CACHE_MEGABYTES);
  const megabytes = Number(said);
  if (said.trim() === '' || !Number.isFinite(megabytes) || megabytes < 0)
    throw new UsageError(
      'REMOTE_CACHE',
      `CEM_REMOTE_CACHE is ${JSON.stringify(said)}: a number of megabytes that ranges of remote files may take on disk, 0 for none`,
    );
  return megabytes === 0 ? undefined : new RangeCacheStore(join(cacheFolder(), 'ranges'), megabytes * 1024 * 1024);
}
