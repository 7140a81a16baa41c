import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CemError, exists, lockFolder, UsageError } from '../../base/index.ts';
import { type BeirDataset, findBeirDataset } from './beir-datasets.ts';
import { type DownloadOptions, downloadFile, md5OfFile } from './download.ts';
import { LONG_EMBED_TASKS, placeLongEmbedByHand } from './long-embed-datasets.ts';
import { unzip } from './unzip.ts';

/** Where BEIR publishes its archives, as `<here>/<name>.zip`. */
export const BEIR_ARCHIVES = 'https://public.ukp.informatik.tu-darmstadt.de/thakur/BEIR/datasets';

export interface FetchDatasetOptions extends Pick<DownloadOptions, 'attempts' | 'firstPauseMs' | 'idleMs'> {
  /** Folder that the set's own folder is made in. */
  readonly output: string;
  /** Where the archives lie, for a mirror; `BEIR_ARCHIVES` unless given. */
  readonly archives?: string;
  readonly onProgress?: (stage: 'download' | 'check' | 'unpack', done: number, total: number) => void;
}

export interface FetchedDataset {
  readonly dataset: BeirDataset;
  /** BEIR folders: one, or one for each part of the set. */
  readonly folders: readonly string[];
  /** It was there before; nothing was done. */
  readonly alreadyThere: boolean;
}

/**
 * Brings a set of BEIR into `<output>/<name>/`: downloads the archive (going on where an earlier call was cut), checks its MD5, unpacks it. An archive that was placed
 * as `<output>/<name>.zip` by hand is taken instead, and the network left alone. The folder appears whole or not at all.
 *
 * @throws UsageError `DATASET_UNKNOWN`, `DATASET_NOT_PUBLIC`, `DATASET_BY_HAND` (LongEmbed's tasks), `DATASET_OFFLINE` (CEM_OFFLINE is set)
 * @throws CemError `DATASET_NOT_FETCHED` with what to do by hand, `DATASET_FOLDER`, `DATASET_ARCHIVE`, `FOLDER_LOCKED`, and what `downloadFile` and `unzip` throw
 */
export async function fetchBeirDataset(name: string, options: FetchDatasetOptions): Promise<FetchedDataset> {
  refuseLongEmbed(name, resolve(options.output));
  return fetchDataset(findBeirDataset(name), options);
}

/** The same for any set whose archive is made as BEIR makes its own. */
export async function fetchDataset(dataset: BeirDataset, options: FetchDatasetOptions): Promise<FetchedDataset> {
  const { name } = dataset;
  const output = resolve(options.output);
  const folder = join(output, name);
  const folders = dataset.parts?.map((part) => join(folder, part)) ?? [folder];
  if (await isComplete(folders)) return { dataset, folders, alreadyThere: true };
  if (await exists(folder)) {
    throw new CemError(
      'DATASET_FOLDER',
      `${folder} is there, but holds no corpus.jsonl: move it out of the way, or name another --output`,
      { details: { folder } },
    );
  }
  const work = join(output, `.${name}.download`);
  await mkdir(output, { recursive: true });
  const lock = await lockFolder(work);
  try {
    const archive = await bringArchive(dataset, output, work, options);
    const unpacked = join(work, 'unpacked');
    await rm(unpacked, { recursive: true, force: true });
    await unzip(archive, unpacked, {
      accept: (file) => file.startsWith(`${name}/`),
      onProgress: (done, total) => options.onProgress?.('unpack', done, total),
    });
    if (!(await isComplete(folders.map((path) => path.replace(output, unpacked))))) {
      throw new CemError('DATASET_ARCHIVE', `${archive} holds no ${name}/corpus.jsonl: it is another set's archive`, {
        details: { archive, name },
      });
    }
    await rename(join(unpacked, name), folder);
  } catch (error) {
    await lock.release();
    // What was downloaded stays for the next call; an empty folder is of no use to it.
    await rmdir(work).catch(() => undefined);
    throw error;
  }
  await lock.release();
  await rm(work, { recursive: true });
  return { dataset, folders, alreadyThere: false };
}

/** The checked archive: the one that was placed by hand, or a downloaded one. */
async function bringArchive(dataset: BeirDataset, output: string, work: string, options: FetchDatasetOptions): Promise<string> {
  const { name } = dataset;
  const placed = join(output, `${name}.zip`);
  const byHand = placeByHand(dataset, output);
  const md5 = dataset.archive?.md5;
  if (await exists(placed)) {
    options.onProgress?.('check', 0, 0);
    const found = md5 === undefined ? undefined : await md5OfFile(placed);
    if (found === md5) return placed;
    throw new CemError('DATASET_ARCHIVE', `${placed} has the MD5 ${found}, not ${md5}: fetch it again. ${byHand}`, {
      details: { path: placed, found, expected: md5 },
    });
  }
  if (md5 === undefined) {
    throw new UsageError('DATASET_NOT_PUBLIC', `BEIR may not hand out the texts of ${dataset.title}. ${byHand}`, {
      details: { name },
    });
  }
  if ((process.env['CEM_OFFLINE'] ?? '0') !== '0') {
    throw new UsageError('DATASET_OFFLINE', `CEM_OFFLINE is set, so ${name} is not downloaded. ${byHand}`, { details: { name } });
  }
  const archive = join(work, `${name}.zip`);
  if (await exists(archive)) return archive;
  try {
    await downloadFile(`${options.archives ?? BEIR_ARCHIVES}/${name}.zip`, archive, {
      ...options,
      md5,
      onProgress: (done, total) => options.onProgress?.('download', done, total),
    });
  } catch (cause) {
    if (!(cause instanceof CemError) || !['DOWNLOAD_NO_NETWORK', 'DOWNLOAD_STATUS'].includes(cause.code)) throw cause;
    throw new CemError('DATASET_NOT_FETCHED', `${cause.message}. ${byHand}`, { details: { name, reason: cause.code }, cause });
  }
  return archive;
}

/** How to bring a set here without this program's download, in sentences. */
function placeByHand(dataset: BeirDataset, output: string): string {
  const { name, archive, homepage, testSplit, parts } = dataset;
  const inside = parts === undefined ? '' : ` in each of ${parts.join(', ')}`;
  const layout = `corpus.jsonl, queries.jsonl and qrels/${testSplit}.tsv${inside}`;
  if (archive === undefined) {
    return `Get them from ${homepage}, turn them into BEIR's layout as its repository describes (examples/dataset), and place them as ${join(output, name)}/ with ${layout}.`;
  }
  return `By hand: on a machine with a network fetch ${BEIR_ARCHIVES}/${name}.zip (${archive.bytes} bytes, MD5 ${archive.md5}), place it as ${join(output, `${name}.zip`)} and give the same command again; or unpack it to ${join(output, name)}/ with ${layout}.`;
}

function refuseLongEmbed(name: string, output: string): void {
  const task = LONG_EMBED_TASKS.find((candidate) => candidate.name === name);
  if (task === undefined) return;
  throw new UsageError('DATASET_BY_HAND', placeLongEmbedByHand(task, output), { details: { name } });
}

async function isComplete(folders: readonly string[]): Promise<boolean> {
  const found = await Promise.all(folders.map((folder) => exists(join(folder, 'corpus.jsonl'))));
  return found.every(Boolean);
}
